import { AcmeLedgerError } from '../../errors.ts';
import { isProblem } from './problems.ts';

/** Why an account can't be used any more: the CA (or its owner) ended it, or the CA has none of this URL or key. */
export type AccountLoss = 'deactivated' | 'unknown';

/** Boulder: "Account is not valid, has status …" (403); Pebble: "Account has been deactivated"; step-ca: "account is not active". */
const endedAccount = /\baccount\b.{0,200}?\b(?:deactivated|revoked|not valid|not active)\b/i;

/**
 * Whether the CA refused a request because of the account itself (RFC 8555 §7.3.6: 401 for a deactivated one; Boulder answers 403), so
 * that it refuses every other of this account, too.
 */
export function accountLossOf(error: unknown): AccountLoss | null {
  if (!(error instanceof AcmeLedgerError)) return null;
  if (isProblem(error, 'accountDoesNotExist')) return 'unknown';
  const isRefusal = error.httpStatus === 401 || error.httpStatus === 403;
  const detail = error.problem?.detail.slice(0, 500) ?? '';
  return isRefusal && isProblem(error, 'unauthorized') && endedAccount.test(detail) ? 'deactivated' : null;
}
