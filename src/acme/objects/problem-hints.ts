import type { Problem } from '../../errors.ts';
import { unpauseUrl } from '../../ca-pause.ts';
import { printable } from '../../printable.ts';
import { fieldsOf, urlOf } from './fields.ts';
import { linkedUrls } from './links.ts';

type FailedHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The hint for a problem of the CA; undefined where acme-ledger knows nothing better than the CA's own words.
 */
export function problemHint(
  problem: Problem | null,
  { headers, data }: { headers: FailedHeaders; data: unknown },
): string | undefined {
  const type = problem?.type.split(':').at(-1) ?? '';
  const unpause = unpauseUrl(problem);
  if (unpause !== null) return pauseHint(unpause);
  if (/account.*(deactivated|revoked|not valid)/i.test(problem?.detail ?? '') && type === 'unauthorized') {
    return 'this account is deactivated at the CA: acme-ledger account register makes a new one';
  }
  if (isTooLong(problem))
    return 'the names of one certificate are too long together: split it into two, acme-ledger cert add with fewer names each';
  if (type === 'userActionRequired') return actionHint(headers, data);
  const help = linkedUrls({ headers }, 'help').map(printable)[0];
  if (type === 'rateLimited' && isAboutPending(problem?.detail ?? '')) return fullHint;
  if (type === 'rateLimited')
    return help === undefined ? undefined : `the limits and how to stay under them: ${help}`;
  return hints[type] ?? (help === undefined ? undefined : `the CA explains it at ${help}`);
}

/** RFC 8555 §7.3.3: what a person has to do is at the problem's `instance`; changed terms are linked besides. */
function actionHint(headers: FailedHeaders, data: unknown): string {
  const page = urlOf(fieldsOf(data)?.['instance']);
  if (page !== null) return `open ${printable(page)} and do what it asks for, then run the same again`;
  const terms = linkedUrls({ headers }, 'terms-of-service').map(printable)[0];
  return terms === undefined
    ? 'the CA wants something done by a person: see its web site, and its terms of service (--agree-tos agrees to them)'
    : `read the terms of service at ${terms}; --agree-tos agrees to them`;
}

/** Let's Encrypt's pause has no Retry-After: it lasts until a person opens the link. */
function pauseHint(url: string): string {
  return `the CA paused these names after too many failures; open ${url} to go on, then: acme-ledger name resume --all`;
}

/** Boulder's old limit on what an account has open, which other CAs have, too: "too many currently pending authorizations". */
export function isAboutPending(detail: string): boolean {
  return /pending authorizations/i.test(detail);
}

const fullHint =
  'acme-ledger authz report shows what is known to be open, acme-ledger authz discover looks for more at the CA, and acme-ledger authz clear closes it; what another client left is in its logs: acme-ledger authz clear --from-log LOG, with --import-accounts CLIENT where it has accounts of its own';

/** Boulder's limit on the length of all names of an order together. */
export function isTooLong(problem: Problem | null): boolean {
  return /cumulative length of all identifier values/i.test(problem?.detail ?? '');
}

const hints: Readonly<Record<string, string>> = {
  externalAccountRequired:
    'this CA wants an external account: --eab-kid KID --eab-hmac-key-file FILE, from its web site',
  accountDoesNotExist: 'the CA has no account for this key: acme-ledger account register',
  invalidContact: 'give another address with --email',
  unsupportedContact: 'give another address with --email',
  invalidProfile: "give another --profile; the CA's directory lists its own under meta.profiles",
  rejectedIdentifier: "this CA doesn't certify the name; leave it out or ask another CA",
  unsupportedIdentifier: "this CA doesn't certify names of this kind; leave it out or ask another CA",
  badSignatureAlgorithm: 'this CA wants another kind of account key',
  badPublicKey: 'this CA wants another kind of key: --key-type',
  caa: "the name's CAA record doesn't allow this CA: add its issuer there",
  serverInternal: 'a fault of the CA: try again later',
};
