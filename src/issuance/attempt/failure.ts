import { later } from '../../clock.ts';
import { isDeferral } from '../../error-kinds.ts';
import { errorRecord } from '../../errors.ts';
import type { AcmeLedgerError } from '../../errors.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import { isLedgerFailure } from '../../ledger/ledger-failure.ts';
import { orderById } from '../../ledger/orders/orders.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import { lostOwnership } from '../../ledger/writer.ts';
import type { AccountRun } from '../account-run.ts';
import { settleOrder } from '../order/settle.ts';
import type { Attempt } from './attempt.ts';
import type { Ending } from './ending.ts';

/** How long settling waits for verdicts on submitted challenges: a validation takes no longer. */
const verdictWaitMs = 60_000;
/** After a signal a verdict is worth less than the time to take everything down. */
const interruptedWaitMs = 1_500;

/** Ends an attempt that failed: its order is settled, and the reason is recorded. */
export async function endInFailure(
  run: AccountRun,
  certificate: CertificateRow,
  { order, error, ending }: { order: OrderRow | null; error: unknown; ending: Ending },
): Promise<Attempt> {
  if (errorRecord(error).code === 'bug')
    run.log.error({ stack: error instanceof Error ? error.stack : null }, 'a bug');
  const taken = await takenOver(run, order);
  const failure = order === null || taken !== null ? null : await settleFailed(run, order, error);
  const record = errorRecord(taken ?? failure ?? error);
  // An order that another run works on is no failure of the certificate, and may have been issued by now.
  // When settling has already met the ledger's failure, that failure is reported, not this second one.
  if (record.code !== 'busy' && record.code !== 'superseded')
    await ending.recordFailed(run, certificate, record).catch((unwritten: unknown) => {
      if (failure === null) throw unwritten;
    });
  return {
    status: isDeferral(record) ? 'deferred' : 'failed',
    certificate: (await certificateByName(run.ledger, certificate.name)) ?? certificate,
    orderId: order?.id ?? null,
    error: record,
  };
}

/** The error of an attempt whose order another run has taken over: that run reports the result. */
async function takenOver(run: AccountRun, order: OrderRow | null): Promise<AcmeLedgerError | null> {
  if (order === null) return null;
  const now = await orderById(run.ledger, order.id).catch(() => undefined);
  const isOthers = now !== undefined && now.run_id !== null && now.run_id !== run.runId;
  return isOthers ? lostOwnership(order.id) : null;
}

/** @returns the ledger's failure, which is reported instead of the attempt's own error, or null */
async function settleFailed(
  run: AccountRun,
  order: OrderRow,
  error: unknown,
): Promise<AcmeLedgerError | null> {
  const waitMs = run.stops.work.aborted ? interruptedWaitMs : verdictWaitMs;
  const verdictsUntil = later(run.clock.now(), waitMs);
  const failure = await settleOrder(run, order, { policy: run.policy, verdictsUntil, error });
  if (failure !== null && !isLedgerFailure(error))
    run.log.warn({ order: order.id, error: errorRecord(error) }, 'the attempt had failed by itself');
  return failure;
}
