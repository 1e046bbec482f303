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
import { noteNotPaused } from '../limits/pauses.ts';
import { requestOrder } from './request-order.ts';
import { giveBack } from '../limits/spending.ts';
import { settleOrder } from './settle.ts';
import { takeOverOrder } from '../ownership/taking-over.ts';
import { limitTold } from '../limits/told-bucket.ts';
import { announcedLimit } from '../limits/announced-limit.ts';

/**
 * Brings an admitted order to the CA: a new one by newOrder (RFC 8555 §7.4), one that was taken up by looking at it.
 * @returns null when the order that was taken up has ended at the CA or can't be found: it is released, ask the gate again
 */
export async function placeOrder(
  run: AccountRun,
  { order, isNew, charges }: AdmittedOrder,
  identifiers: readonly Identifier[],
): Promise<PlacedOrder | null> {
  if (order.url !== null) return lookAgain(run, order, order.url);
  return isNew ? sendNewOrder(run, order, identifiers, charges) : findLost(run, order, identifiers);
}

/** Looks at an order that a former attempt left. */
async function lookAgain(run: AccountRun, row: OrderRow, url: string): Promise<PlacedOrder | null> {
  try {
    const answer = await currentOrder(run, row, url);
    if (answer === null) return null;
    return { row: await recordFittingAnswer(run, row, answer), answer };
  } catch (error) {
    // Finalized, it may have become a certificate.
    if (unusableOrder(error) === null || row.finalize_sent_at !== null) throw error;
    run.log.warn({ order: row.id, error: errorRecord(error) }, 'the order is given up');
    await giveUp(run, row);
    return null;
  }
}

/** Nothing can become of the order: it is over, and what it opened is brought to an end. */
async function giveUp(run: AccountRun, row: OrderRow): Promise<void> {
  await releaseOrder(run, row.id, { status: 'abandoned', keptUntil: null });
  const owned = await takeOverOrder(run, { ...row, run_id: null });
  if (owned === null) return;
  const verdictsUntil = run.clock.now();
  const failure = await settleOrder(run, owned, { policy: 'deactivate', verdictsUntil });
  if (failure !== null) throw failure;
}

/** The order as the CA has it; null when it is gone there (Boulder forgets expired ones): then it is released as invalid. */
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
    return placed;
  } catch (error) {
    if (isMisfit(error)) throw error;
    // It tells what is left open at the CA; and nothing can be looked for that couldn't be written down.
    if (isLedgerFailure(error)) throw error;
    if (isOutcomeUnknown(error) || isOrderLost(error)) return adoptAfterLoss(run, row, identifiers, error);
    // The CA has made it: what the ledger holds of it stays, and is settled with the attempt.
    if (unusableOrder(error) === null)
      await recordRefusal(run, row, isUsedUp(run, identifiers, error) ? [] : charges, error);
    throw error;
  }
}

/** The CA said when there will be a new order again: nothing is given back before. */
function isUsedUp(run: AccountRun, identifiers: readonly Identifier[], error: unknown): boolean {
  if (!(error instanceof AcmeLedgerError)) return false;
  const told = announcedLimit(error, { kind: 'newOrder', identifiers }, run.clock.now());
  return told !== null && limitTold(told) === 'new-orders';
}

/** The CA didn't make it. */
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
 * The answer was lost in this very run: the CA may have the order all the same. It is looked for, and where it has to be asked for again that is
 * done once the CA is in order.
 * @throws the loss, or that the CA can't be waited for
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
      // Given up, and its authorizations are known: they are settled with this attempt.
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

/** A problem document without a time (RFC 8555 §6.7) comes from the CA, and not from something between us that may have passed the request on. */
function isTold(error: unknown): boolean {
  return error instanceof AcmeLedgerError && error.problem !== undefined && error.retryAt === undefined;
}

function isOutage(error: unknown): boolean {
  return hasCode(error, 'ca-outage');
}
