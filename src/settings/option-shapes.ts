import * as z from 'zod/mini'; // a quarter of zod's loading time

/** An option of every command, from the flag to its place in the configuration. */
export interface GlobalOption {
  /** The flag without its dashes. */
  flag: string;
  /** A letter that stands for the flag, too. */
  letter?: string;
  /** The value as `--help` shows it: `DIR` of `--state-dir <DIR>`; none for a flag without a value. */
  placeholder?: string;
  help: string;
  group: OptionGroup;
  /** The environment variable, where it isn't ACME_LEDGER_ and the flag. */
  variable?: string;
  /** How a value is read where it is written as text; a count is the number of times that its flag is given. */
  kind: 'text' | 'number' | 'boolean' | 'count';
  schema: z.ZodMiniType;
  /** What the value must be, behind "must be". */
  expected: string;
  example: string;
}

/** What an option is for: the headings of `acme-ledger --help`, in its order. */
type OptionGroup = 'Files:' | 'CA:' | 'Account:' | 'Gate:' | 'Names that fail:' | 'Output:';

/* What options of one kind have in common. */

export const text = { kind: 'text', schema: z.string().check(z.minLength(1)) } as const;
export const file = { ...text, placeholder: 'FILE', expected: 'a file' } as const;
export const authority = { ...text, placeholder: 'NAME|URL', expected: 'a CA or a directory URL' } as const;
export const duration = { kind: 'text', placeholder: 'DURATION' } as const;
export const yesOrNo = {
  kind: 'boolean',
  schema: z.boolean(),
  expected: 'yes or no',
  example: 'yes',
} as const;
export const port = {
  kind: 'number',
  placeholder: 'N',
  schema: z.int().check(z.minimum(1), z.maximum(65_535)),
  expected: 'a port from 1 to 65535',
} as const;
