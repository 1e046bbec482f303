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

/** How long settling waits for verdicts on what was submitted: a validation takes no longer. */
const verdictWaitMs = 60_000;
/** After a signal a verdict is worth less than the time to take everything down. */
const interruptedWaitMs = 1_500;

/** The end of an attempt that failed: what it opened is settled, and why it failed is recorded. */
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
  // With an order, what its end left open is to be told; without one the ledger's own words are enough. What another run works on is
  // none of the certificate's failures, and may have become its success by now.
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

/** The run that has the order now tells what comes of it, whatever this one met when it woke. */
async function takenOver(run: AccountRun, order: OrderRow | null): Promise<AcmeLedgerError | null> {
  if (order === null) return null;
  const now = await orderById(run.ledger, order.id).catch(() => undefined);
  const isOthers = now !== undefined && now.run_id !== null && now.run_id !== run.runId;
  return isOthers ? lostOwnership(order.id) : null;
}

/** @returns the ledger's failure, which is told instead of what the attempt ended by */
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
