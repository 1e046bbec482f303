import * as z from 'zod/mini'; // a quarter of zod's loading time
import { ledgerUrlForms } from '../ledger/ledger-url.ts';
import { parseServerAddress } from '../system/socket-address.ts';
import { isDuration } from '../duration.ts';
import { failedNamePolicies } from '../policies.ts';

interface Option {
  /** The flag without its dashes. */
  flag: string;
  /** Where it isn't ACME_LEDGER_ and the flag. */
  variable?: string;
  /** How it's read where it's written as text. */
  kind: 'text' | 'number' | 'boolean';
  schema: z.ZodMiniType;
  /** What it must be, behind "must be". */
  expected: string;
  example: string;
}

const text = z.string().check(z.minLength(1));
const yesOrNo = { kind: 'boolean', schema: z.boolean(), expected: 'yes or no', example: 'yes' } as const;
const port = {
  kind: 'number',
  schema: z.int().check(z.minimum(1), z.maximum(65_535)),
  expected: 'a port from 1 to 65535',
} as const;

/** The global options by their names in the configuration file. */
export const options = {
  stateDir: {
    flag: 'state-dir',
    kind: 'text',
    schema: text,
    expected: 'a directory',
    example: '/var/lib/acme-ledger',
  },
  ledger: {
    flag: 'ledger',
    kind: 'text',
    variable: 'ACME_LEDGER_URL',
    schema: text,
    expected: ledgerUrlForms,
    example: 'sqlite:/var/lib/acme-ledger/ledger.sqlite',
  },
  ca: { flag: 'ca', kind: 'text', schema: text, expected: 'a CA or a directory URL', example: 'letsencrypt' },
  rehearsalCa: {
    flag: 'rehearsal-ca',
    kind: 'text',
    schema: text,
    expected: 'a CA or a directory URL',
    example: 'https://staging.ca.example.com/directory',
  },
  fallbackCa: {
    flag: 'fallback-ca',
    kind: 'text',
    schema: text,
    expected: 'a CA or a directory URL',
    example: 'zerossl',
  },
  caFile: {
    flag: 'ca-file',
    kind: 'text',
    schema: text,
    expected: 'a PEM file',
    example: '/etc/ssl/own-ca.pem',
  },
  email: {
    flag: 'email',
    kind: 'text',
    schema: z.email(),
    expected: 'one e-mail address',
    example: 'admin@example.com',
  },
  agreeTos: { flag: 'agree-tos', ...yesOrNo },
  asOtherUser: { flag: 'as-other-user', ...yesOrNo },
  eabKid: {
    flag: 'eab-kid',
    kind: 'text',
    schema: text,
    expected: 'the key identifier that the CA gave you',
    example: 'kid-1',
  },
  eabHmacKeyFile: {
    flag: 'eab-hmac-key-file',
    kind: 'text',
    schema: text,
    expected: 'a file',
    example: '/etc/acme-ledger/eab.key',
  },
  maxPending: {
    flag: 'max-pending',
    kind: 'number',
    schema: z.int().check(z.positive()),
    expected: 'a whole number from 1 on',
    example: '250',
  },
  onUnsubmitted: {
    flag: 'on-unsubmitted',
    kind: 'text',
    schema: z.enum(['deactivate', 'resume']),
    expected: 'deactivate or resume',
    example: 'deactivate',
  },
  onFailedName: {
    flag: 'on-failed-name',
    kind: 'text',
    schema: z.enum(failedNamePolicies),
    expected: 'fail or drop',
    example: 'drop',
  },
  suspendAfter: {
    flag: 'suspend-after',
    kind: 'text',
    schema: z.string().check(z.refine(isDuration)),
    expected: 'a duration',
    example: '10d',
  },
  nameHook: {
    flag: 'name-hook',
    kind: 'text',
    schema: text,
    expected: 'a command',
    example: '/etc/acme-ledger/name-hook.sh',
  },
  probeEvery: {
    flag: 'probe-every',
    kind: 'text',
    schema: z.string().check(z.refine((given) => given === 'never' || isDuration(given))),
    expected: 'a duration, or never',
    example: '1h',
  },
  probeResolver: {
    flag: 'probe-resolver',
    kind: 'text',
    schema: z.string().check(z.refine((given) => parseServerAddress(given, 53) !== null)),
    expected: 'ADDR[:PORT]',
    example: '192.0.2.53',
  },
  probeHttpPort: { flag: 'probe-http-port', ...port, example: '80' },
  probeTlsPort: { flag: 'probe-tls-port', ...port, example: '443' },
  json: { flag: 'json', ...yesOrNo },
  verbose: {
    flag: 'verbose',
    kind: 'number',
    schema: z.int().check(z.nonnegative(), z.maximum(9)),
    expected: 'a whole number from 0 to 9',
    example: '1',
  },
  quiet: { flag: 'quiet', ...yesOrNo },
  logFormat: {
    flag: 'log-format',
    kind: 'text',
    schema: z.enum(['pretty', 'json']),
    expected: 'pretty or json',
    example: 'json',
  },
  logFile: {
    flag: 'log-file',
    kind: 'text',
    schema: text,
    expected: 'a file',
    example: '/var/log/acme-ledger.log',
  },
  progress: { flag: 'no-progress', ...yesOrNo },
} as const satisfies Record<string, Option>;

export type OptionKey = keyof typeof options;
export type OptionValues = { [Key in OptionKey]: z.infer<(typeof options)[Key]['schema']> };

export const optionKeys = Object.keys(options) as OptionKey[];

/** The environment variable of an option. */
export function variableOf(key: OptionKey): string {
  const option: Option = options[key];
  return option.variable ?? `ACME_LEDGER_${option.flag.toUpperCase().replaceAll('-', '_')}`;
}
