import type { Problem } from '../errors.ts';
import { printable } from '../printable.ts';
import { linkedUrls } from './links.ts';

type FailedHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What a person can do about a problem of the CA; undefined where acme-ledger knows nothing better than the CA's own words. */
export function problemHint(problem: Problem | null, headers: FailedHeaders): string | undefined {
  const type = problem?.type.split(':').at(-1) ?? '';
  const unpause = /https:\/\/\S+\/unpause\?jwt=[\w.~-]+/.exec(problem?.detail ?? '')?.[0];
  // Let's Encrypt's pause has no Retry-After: it lasts until a person opens the link.
  if (unpause !== undefined)
    return `the CA paused these names after too many failures; open ${unpause} to go on`;
  if (/account.*(deactivated|revoked|not valid)/i.test(problem?.detail ?? '') && type === 'unauthorized') {
    return 'this account is deactivated at the CA: acme-ledger account register makes a new one';
  }
  const help = linkedUrls({ headers }, 'help').map(printable)[0];
  if (type === 'rateLimited')
    return help === undefined ? undefined : `the limits and how to stay under them: ${help}`;
  return hints[type] ?? (help === undefined ? undefined : `the CA explains it at ${help}`);
}

const hints: Readonly<Record<string, string>> = {
  externalAccountRequired:
    'this CA wants an external account: --eab-kid KID --eab-hmac-key-file FILE, from its web site',
  userActionRequired: "read the CA's terms of service and give --agree-tos",
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
