import { isOutcomeUnknown } from '../../acme/http/connection-failure.ts';
import { isOrderLost, unusableOrder } from '../../acme/objects/order.ts';
import { isGone } from '../../acme/objects/problems.ts';
import type { Answer, Order } from '../../acme/objects/resources.ts';
import { removeOrderFiles } from '../../certificates/order-files.ts';
import { AcmeLedgerError, errorRecord, hasCode } from '../../errors.ts';
import type { Identifier } from '../../identifiers.ts';
import { isLedgerFailure } from '../../ledger/ledger-failure.ts';
import { releaseOrder } from '../../ledger/orders/orders.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import { inTransaction } from '../../ledger/writer.ts';
import { isMisfit, recordFittingAnswer } from './answer-fit.ts';
import type { Charge } from '../limits/charges.ts';
import type { AccountRun } from '../account-run.ts';
import type { AdmittedOrder, PlacedOrder } from '../placed-order.ts';
import { aboutOf } from '../waiting/obey-retry-after.ts';
import { findLost } from './lost-order.ts';
import { endOverridden } from '../limits/holds.ts';
import { noteNotPaused } from '../limits/pauses.ts';
import { requestOrder } from './request-order.ts';
import { giveBack } from '../limits/spending.ts';
import { settleOrder } from './settle.ts';
import { takeOverOrder } from '../ownership/taking-over.ts';
import { limitTold } from '../limits/told-bucket.ts';
import { announcedLimit } from '../limits/announced-limit.ts';

/**
 * Brings an admitted order to the CA: a new order by newOrder (RFC 8555 §7.4), an order that was taken up by
 * looking at it.
 * @returns null when the order that was taken up has ended at the CA or can't be found: it is released, ask
 *   the gate again
 */
export async function placeOrder(
  run: AccountRun,
  { order, isNew, charges }: AdmittedOrder,
  identifiers: readonly Identifier[],
): Promise<PlacedOrder | null> {
  if (order.url !== null) return lookAgain(run, order, order.url);
  return isNew ? sendNewOrder(run, order, identifiers, charges) : findLost(run, order, identifiers);
}

/** Looks at an order that an earlier attempt left. */
async function lookAgain(run: AccountRun, row: OrderRow, url: string): Promise<PlacedOrder | null> {
  try {
    const answer = await currentOrder(run, row, url);
    if (answer === null) return null;
    return { row: await recordFittingAnswer(run, row, answer), answer };
  } catch (error) {
    // An order that was finalized may have become a certificate.
    if (unusableOrder(error) === null || row.finalize_sent_at !== null) throw error;
    run.log.warn({ order: row.id, error: errorRecord(error) }, 'the order is given up');
    await giveUp(run, row);
    return null;
  }
}

/** Gives up an order that can't be worked with: it is over, and its authorizations are brought to an end. */
async function giveUp(run: AccountRun, row: OrderRow): Promise<void> {
  await releaseOrder(run, row.id, { status: 'abandoned', keptUntil: null });
  const owned = await takeOverOrder(run, { ...row, run_id: null });
  if (owned === null) return;
  const verdictsUntil = run.clock.now();
  const failure = await settleOrder(run, owned, { policy: 'deactivate', verdictsUntil });
  if (failure !== null) throw failure;
}

/**
 * The order as the CA has it. Null when the order is gone there (Boulder forgets expired orders): it is
 * released as invalid then.
 */
export async function currentOrder(
  run: AccountRun,
  row: OrderRow,
  url: string,
): Promise<Answer<Order> | null> {
  try {
    return await run.session.getOrder(url, run.stops.grace);
  } catch (error) {
    if (!isGone(error)) throw error;
    const end = { status: 'invalid', keptUntil: null, error: errorRecord(error) } as const;
    if (await releaseOrder(run, row.id, end)) removeOrderFiles(run.stateDir, String(row.id));
    return null;
  }
}

async function sendNewOrder(
  run: AccountRun,
  row: OrderRow,
  identifiers: readonly Identifier[],
  charges: readonly Charge[],
): Promise<PlacedOrder> {
  const isCounted = charges.some(({ takenBy }) => takenBy === 'order');
  try {
    const placed = await requestOrder(run, row, identifiers, { isCounted });
    await noteNotPaused(run, run.account.id, identifiers);
    await endOverridden(run, run.account.id, { kind: 'newOrder', identifiers }, charges);
    return placed;
  } catch (error) {
    if (isMisfit(error)) throw error;
    // The ledger's failure tells what is left open at the CA. Without a ledger no order can be looked for.
    if (isLedgerFailure(error)) throw error;
    if (isOutcomeUnknown(error) || isOrderLost(error)) return adoptAfterLoss(run, row, identifiers, error);
    // An unusable order was made by the CA all the same: its record stays, and is settled with the attempt.
    if (unusableOrder(error) === null)
      await recordRefusal(run, row, isUsedUp(run, identifiers, error) ? [] : charges, error);
    throw error;
  }
}

/** Whether the CA said that new orders are used up until a time: no charge is given back before. */
function isUsedUp(run: AccountRun, identifiers: readonly Identifier[], error: unknown): boolean {
  if (!(error instanceof AcmeLedgerError)) return false;
  const told = announcedLimit(error, { kind: 'newOrder', identifiers }, run.clock.now());
  return told !== null && limitTold(told) === 'new-orders';
}

/** Records that the CA refused the order: its charges are given back. */
async function recordRefusal(
  run: AccountRun,
  row: OrderRow,
  charges: readonly Charge[],
  error: unknown,
): Promise<void> {
  await inTransaction(run, async (writer) => {
    await giveBack(writer, charges);
    await releaseOrder(writer, row.id, { status: 'invalid', error: errorRecord(error) });
  });
}

/**
 * Adopts the order of a newOrder whose answer was lost in this very run: the CA may have made it all the
 * same. The order is looked for; where newOrder has to be sent again, that waits until the CA is in order.
 * @throws the loss, or an error that the CA can't be waited for
 */
async function adoptAfterLoss(
  run: AccountRun,
  row: OrderRow,
  identifiers: readonly Identifier[],
  loss: unknown,
): Promise<PlacedOrder> {
  run.log.info({ order: row.id }, 'the answer to newOrder was lost; looking for the order at the CA');
  const about = aboutOf({ kind: 'newOrder', identifiers });
  let lost: unknown = loss;
  for (let faults = 1; ; faults += 1) {
    const isAgain = await run.outage.mayRepeat('newOrder', lost, { about, faults }, run.stops.work);
    if (!isAgain && faults > 1) throw lost;
    try {
      const placed = await findLost(run, row, identifiers, { isAnswered: isTold(loss) });
      if (placed !== null) return placed;
      // The order is given up and its authorizations are known: they are settled with this attempt.
      if (unusableOrder(loss) !== null) await takeOverOrder(run, { ...row, run_id: null });
      throw loss;
    } catch (error) {
      if (error === loss || isOutage(error)) throw error;
      run.log.info(
        { order: row.id, error: errorRecord(error) },
        'the CA could not be asked for the lost order',
      );
      lost = error;
    }
  }
}

/**
 * Whether a problem document without a time (RFC 8555 §6.7) tells of the error: it comes from the CA, not
 * from a proxy between that may have passed the request on.
 */
function isTold(error: unknown): boolean {
  return error instanceof AcmeLedgerError && error.problem !== undefined && error.retryAt === undefined;
}

function isOutage(error: unknown): boolean {
  return hasCode(error, 'ca-outage');
}
