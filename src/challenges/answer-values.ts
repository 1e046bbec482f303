import { createHash } from 'node:crypto';
import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { ChallengeAnswer } from './solver.ts';

/** Room in a file name of 255 bytes; CAs use 43 characters. */
const maxTokenLength = 200;

/**
 * The answer's token, safe as a file name and in a URL: RFC 8555 §8.1 allows base64url characters only.
 * @throws AcmeLedgerError `solver`
 */
export function checkedToken({ token, identifier }: ChallengeAnswer): string {
  if (/^[A-Za-z0-9_-]+$/.test(token) && token.length <= maxTokenLength) return token;
  throw new AcmeLedgerError(
    'solver',
    `the CA's token for ${identifier.value} isn't base64url (RFC 8555 §8.1): "${printable(token.slice(0, 60))}"`,
    { hint: 'nothing was put up; report it to the CA' },
  );
}

/** The name of the TXT record of dns-01, with the root's dot (RFC 8555 §8.4). */
export function dnsRecordName({ identifier }: ChallengeAnswer): string {
  return `_acme-challenge.${identifier.value}.`;
}

/** The TXT value of dns-01 (RFC 8555 §8.4). */
export function dnsRecordValue({ keyAuthorization }: Pick<ChallengeAnswer, 'keyAuthorization'>): string {
  return createHash('sha256').update(keyAuthorization).digest('base64url');
}

/** The content of the acmeIdentifier extension (RFC 8737 §3). */
export function keyAuthorizationDigest({ keyAuthorization }: ChallengeAnswer): Buffer {
  return createHash('sha256').update(keyAuthorization).digest();
}
