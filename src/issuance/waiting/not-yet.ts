import { boundedWait } from '../../bounded-wait.ts';
import { later, timeText } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { AccountRun } from '../account-run.ts';

/** How long a CA that takes longer than usual is left to its work when it doesn't say for how long. */
const assumedMs = 600_000;

/**
 * The error for an order that the CA is still at when the usual time is over: nothing has failed, and nothing
 * is lost. The order is kept, and a later run looks for its names and its certificate.
 * @param what the CA's work: `issuing the certificate`
 * @param answer the last; its Retry-After says when to look again, otherwise ten minutes do
 */
export function notYet(
  { clock }: Pick<AccountRun, 'clock'>,
  what: string,
  { orderId, retryAt }: { orderId: number; retryAt: Date | null },
): AcmeLedgerError {
  const now = clock.now();
  const at = boundedWait(retryAt ?? later(now, assumedMs), now);
  const wanted = retryAt === null ? '' : `, and wants to be asked at ${timeText(at)}`;
  return new AcmeLedgerError('not-yet', `the CA is still ${what}${wanted}; the order is kept`, {
    hint: `nothing is lost: the next acme-ledger renew goes on with it; acme-ledger order show ${String(orderId)}`,
    retryAt: at,
  });
}
