import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import { questionOfUnit } from '../duration.ts';
import type { GlobalOption } from './option-shapes.ts';
import { options, type OptionKey } from './option-table.ts';

/** The place where a value was written. */
export interface Origin {
  code: 'usage' | 'configuration';
  /**
   * The place in words, as `--max-pending`, `ACME_LEDGER_MAX_PENDING` or `acme-ledger.yaml:3:13: maxPending`.
   */
  label: string;
  /** The directory that relative paths start from. */
  baseDirectory: string;
}

/** A checked value with its origin, for errors that only show later. */
export interface Given<Value> {
  value: Value;
  origin: Origin;
}

/** Checks one value, text or not, against its option's schema. @throws AcmeLedgerError with the origin's code */
export function checkOption(key: OptionKey, value: unknown, origin: Origin): Given<unknown> {
  const result = options[key].schema.safeParse(fromText(key, value));
  if (result.success) return { value: result.data, origin };
  const { expected, example } = options[key];
  // A ledger's URL may hold a password.
  const shown = key === 'ledger' ? '' : `, not ${printable(JSON.stringify(value)).slice(0, 60)}`;
  throw optionError(
    origin,
    `must be ${expected}${shown}`,
    questionOfDuration(key, value) ?? `for example ${example}`,
  );
}

/** `10 of what: …` where a duration has no unit; YAML makes a number of it. */
function questionOfDuration(key: OptionKey, value: unknown): string | null {
  const { placeholder }: GlobalOption = options[key];
  const isText = typeof value === 'string' || typeof value === 'number';
  return placeholder === 'DURATION' && isText ? questionOfUnit(String(value)) : null;
}

/** An error about a given value. */
export function optionError(origin: Origin, message: string, hint: string): AcmeLedgerError {
  return new AcmeLedgerError(origin.code, `${origin.label} ${message}`, { hint });
}

/** The words of YAML, JSON and text for yes and no; every other value is left as it is. */
export function yesOrNoOf(value: unknown): unknown {
  return typeof value === 'string' ? (words[value.toLowerCase()] ?? value) : value;
}

const words: Record<string, boolean> = { 1: true, true: true, yes: true, 0: false, false: false, no: false };

/**
 * Flags and variables are text, and so is YAML's `yes`; the schemas want numbers and booleans. What can't be read is left for
 * them to refuse.
 */
function fromText(key: OptionKey, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  switch (options[key].kind) {
    case 'boolean':
      return yesOrNoOf(value);
    case 'number':
    case 'count':
      return /^[0-9]+$/.test(value) ? Number(value) : value;
    case 'text':
      return value;
  }
}
