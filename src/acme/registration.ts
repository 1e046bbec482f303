import { AcmeLedgerError } from '../errors.ts';
import { isProblem } from './objects/problems.ts';
import type { Directory } from './objects/resources.ts';
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
 * The error of a refused registration, in words for the person. RFC 8555 §7.3.4 has no type of its own for a
 * binding that is wrong; Pebble answers with the two below. Any other error stays as it is.
 */
export function registrationError(error: unknown, registration: Registration): unknown {
  if (!(error instanceof AcmeLedgerError)) return error;
  const hint = betterHint(error, registration);
  if (hint !== null) return hinted(error, hint);
  if (registration.externalAccountBinding === undefined) return error;
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

/** A hint that knows what was given at the registration; null where the error's own is as good. */
function betterHint(error: AcmeLedgerError, { agreeTos, email }: Registration): string | null {
  if (agreeTos && isProblem(error, 'userActionRequired') && error.hint?.includes('--agree-tos') === true)
    return 'agreeing to the terms (--agree-tos) was not enough: the CA wants something done on its web site';
  const isAboutContact =
    isProblem(error, 'invalidContact', 'unsupportedContact') ||
    (isProblem(error, 'malformed') && /\b(?:contacts?|e-?mail)\b/i.test(error.problem?.detail ?? ''));
  return email === undefined && isAboutContact
    ? 'this CA wants to know whom to write to: --email ADDRESS'
    : null;
}

function hinted(
  { code, message, problem, httpStatus, retryAt }: AcmeLedgerError,
  hint: string,
): AcmeLedgerError {
  return new AcmeLedgerError(code, message, {
    hint,
    ...(problem === undefined ? {} : { problem }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(retryAt === undefined ? {} : { retryAt }),
  });
}
