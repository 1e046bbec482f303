import { AcmeLedgerError } from '../errors.ts';
import { isProblem } from './problems.ts';
import type { Directory } from './resources.ts';
import type { Registration } from './session.ts';

/**
 * Whether the CA can accept this registration at all, by what its directory says (RFC 8555 §7.1.1).
 * @throws AcmeLedgerError `usage`; nothing was sent
 */
export function assertRegistrable(
  { meta }: Directory,
  { agreeTos, externalAccountBinding }: Registration,
): void {
  if (meta.externalAccountRequired && externalAccountBinding === undefined) {
    throw new AcmeLedgerError('usage', 'this CA wants an external account binding (EAB) for a new account', {
      hint: 'get a key ID and an HMAC key from its web site and give --eab-kid KID --eab-hmac-key-file FILE',
    });
  }
  if (meta.termsOfService !== null && !agreeTos) {
    throw new AcmeLedgerError('usage', `this CA has terms of service: ${meta.termsOfService}`, {
      hint: 'read them, then give --agree-tos',
    });
  }
}

/**
 * What a refused registration means to the person. RFC 8555 §7.3.4 has no type of its own for a binding that is wrong;
 * Pebble answers with the two below. Anything else is what it was.
 */
export function registrationError(error: unknown, { externalAccountBinding }: Registration): unknown {
  if (externalAccountBinding === undefined || !(error instanceof AcmeLedgerError)) return error;
  // A hint is there where the problem is known to be another: a deactivated account is unauthorized, too.
  if (!isProblem(error, 'unauthorized', 'malformed') || error.hint !== undefined) return error;
  const { problem, message, httpStatus } = error;
  return new AcmeLedgerError('usage', `the external account binding (EAB) was not accepted: ${message}`, {
    hint: 'check both --eab-kid and the key in --eab-hmac-key-file: some CAs make a new pair for each account',
    cause: error,
    ...(problem === undefined ? {} : { problem }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  });
}
