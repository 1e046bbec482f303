import { keysOf } from '../json-record.ts';
import * as z from 'zod/mini'; // a quarter of zod's loading time
import { parseServerAddress } from '../system/socket-address.ts';
import { isDuration } from '../duration.ts';
import { failedNamePolicies } from '../policies.ts';
import { type GlobalOption, text, file, authority, duration, yesOrNo, port } from './option-shapes.ts';

/** The global options by their names in the configuration file, in the order of `--help`. */
export const options = {
  stateDir: {
    flag: 'state-dir',
    group: 'Files:',
    ...text,
    placeholder: 'DIR',
    help: 'keys, certificates and the SQLite ledger',
    expected: 'a directory',
    example: '/var/lib/acme-ledger',
  },
  ledger: {
    flag: 'ledger',
    group: 'Files:',
    ...text,
    placeholder: 'URL',
    help: 'sqlite:FILE',
    variable: 'ACME_LEDGER_URL',
    expected: 'sqlite:FILE',
    example: 'sqlite:/var/lib/acme-ledger/ledger.sqlite',
  },
  asOtherUser: {
    flag: 'as-other-user',
    group: 'Files:',
    ...yesOrNo,
    help: "let root work in another user's state directory, whose hooks run as root then",
  },
  ca: {
    flag: 'ca',
    group: 'CA:',
    ...authority,
    help: 'a built-in CA or a directory URL (default: letsencrypt)',
    example: 'letsencrypt',
  },
  staging: {
    flag: 'staging',
    group: 'CA:',
    ...yesOrNo,
    help: 'the staging of that CA, whose certificates nobody trusts',
  },
  rehearsalCa: {
    flag: 'rehearsal-ca',
    group: 'CA:',
    ...authority,
    help: 'where --rehearse goes for a CA whose staging is not built in',
    example: 'https://staging.ca.example.com/directory',
  },
  fallbackCa: {
    flag: 'fallback-ca',
    group: 'CA:',
    ...authority,
    help: 'where a certificate is ordered that can not wait for its own CA',
    example: 'zerossl',
  },
  caFile: {
    flag: 'ca-file',
    group: 'CA:',
    ...text,
    placeholder: 'PEM',
    help: "one more trust root for the CA's own HTTPS",
    expected: 'a PEM file',
    example: '/etc/ssl/own-ca.pem',
  },
  email: {
    flag: 'email',
    group: 'Account:',
    kind: 'text',
    placeholder: 'ADDR',
    help: 'contact for the first registration',
    schema: z.email(),
    expected: 'one e-mail address',
    example: 'admin@example.com',
  },
  agreeTos: { flag: 'agree-tos', group: 'Account:', ...yesOrNo, help: "agree to the CA's terms of service" },
  eabKid: {
    flag: 'eab-kid',
    group: 'Account:',
    ...text,
    placeholder: 'KID',
    help: 'external account binding: key identifier',
    expected: 'the key identifier that the CA gave you',
    example: 'kid-1',
  },
  eabHmacKeyFile: {
    flag: 'eab-hmac-key-file',
    group: 'Account:',
    ...file,
    help: 'external account binding: file with the MAC key, base64url',
    example: '/etc/acme-ledger/eab.key',
  },
  maxPending: {
    flag: 'max-pending',
    group: 'Gate:',
    kind: 'number',
    placeholder: 'N',
    help: "the gate's threshold: authorizations open at once on the account (default: 250)",
    schema: z.int().check(z.positive()),
    expected: 'a whole number from 1 on',
    example: '250',
  },
  onUnsubmitted: {
    flag: 'on-unsubmitted',
    group: 'Gate:',
    kind: 'text',
    placeholder: 'POLICY',
    help: 'what becomes of a pending authorization whose challenge was never submitted: deactivate or resume',
    schema: z.enum(['deactivate', 'resume']),
    expected: 'deactivate or resume',
    example: 'deactivate',
  },
  onFailedName: {
    flag: 'on-failed-name',
    group: 'Names that fail:',
    kind: 'text',
    placeholder: 'POLICY',
    help: 'what becomes of a certificate when names fail: fail, or drop them (default: fail; renew drops them late)',
    schema: z.enum(failedNamePolicies),
    expected: 'fail or drop',
    example: 'drop',
  },
  suspendAfter: {
    flag: 'suspend-after',
    group: 'Names that fail:',
    ...duration,
    help: 'order no name that has been failing for so long (default: 10d)',
    schema: z.string().check(z.refine(isDuration)),
    expected: 'a duration',
    example: '10d',
  },
  probeEvery: {
    flag: 'probe-every',
    group: 'Names that fail:',
    ...duration,
    help: 'look so often without the CA whether a name was mended, or never (default: 1h)',
    schema: z.string().check(z.refine((given) => given === 'never' || isDuration(given))),
    expected: 'a duration, or never',
    example: '1h',
  },
  probeResolver: {
    flag: 'probe-resolver',
    group: 'Names that fail:',
    kind: 'text',
    placeholder: 'ADDR[:PORT]',
    help: 'the resolver of these probes',
    schema: z.string().check(z.refine((given) => parseServerAddress(given, 53) !== null)),
    expected: 'ADDR[:PORT]',
    example: '192.0.2.53',
  },
  probeDnsPort: {
    flag: 'probe-dns-port',
    group: 'Names that fail:',
    ...port,
    help: 'where the name servers of zones are asked (default: 53)',
    example: '53',
  },
  probeHttpPort: {
    flag: 'probe-http-port',
    group: 'Names that fail:',
    ...port,
    help: 'where these probes expect http-01 (default: 80)',
    example: '80',
  },
  probeTlsPort: {
    flag: 'probe-tls-port',
    group: 'Names that fail:',
    ...port,
    help: 'where these probes expect tls-alpn-01 and HTTPS (default: 443)',
    example: '443',
  },
  nameHook: {
    flag: 'name-hook',
    group: 'Names that fail:',
    ...text,
    placeholder: 'CMD',
    help: 'run CMD name-failing|name-suspended|name-recovered NAME',
    expected: 'a command',
    example: '/etc/acme-ledger/name-hook.sh',
  },
  json: { flag: 'json', group: 'Output:', ...yesOrNo, help: 'results as JSON on stdout' },
  verbose: {
    flag: 'verbose',
    group: 'Output:',
    letter: 'v',
    kind: 'count',
    help: 'say more; twice: every request',
    schema: z.int().check(z.nonnegative(), z.maximum(9)),
    expected: 'a whole number from 0 to 9',
    example: '1',
  },
  quiet: { flag: 'quiet', group: 'Output:', letter: 'q', ...yesOrNo, help: 'say only errors' },
  logFormat: {
    flag: 'log-format',
    group: 'Output:',
    kind: 'text',
    placeholder: 'FORMAT',
    help: 'pretty or json',
    schema: z.enum(['pretty', 'json']),
    expected: 'pretty or json',
    example: 'json',
  },
  logFile: {
    flag: 'log-file',
    group: 'Output:',
    ...file,
    help: 'log there instead of to log/ in the state directory',
    example: '/var/log/acme-ledger.log',
  },
  log: { flag: 'no-log', group: 'Output:', ...yesOrNo, help: 'no log file' },
  progress: { flag: 'no-progress', group: 'Output:', ...yesOrNo, help: 'no progress bar on a terminal' },
} as const satisfies Record<string, GlobalOption>;

export type OptionKey = keyof typeof options;
export type OptionValues = { [Key in OptionKey]: z.infer<(typeof options)[Key]['schema']> };

export const optionKeys = keysOf(options);

/** The environment variable of an option. */
export function variableOf(key: OptionKey): string {
  const option: GlobalOption = options[key];
  return option.variable ?? `ACME_LEDGER_${option.flag.toUpperCase().replaceAll('-', '_')}`;
}
