import { isOutcomeUnknown } from '../../acme/http/connection-failure.ts';
import { later } from '../../clock.ts';
import { errorRecord, hasCode } from '../../errors.ts';
import type { Identifier } from '../../identifiers.ts';
import { isLedgerFailure } from '../../ledger/ledger-failure.ts';
import { hasFailedAlike } from '../../ledger/orders/order-queries.ts';
import { newOrderLifeMs } from '../../ledger/orders/unsettled-orders.ts';
import { releaseOrder } from '../../ledger/orders/orders.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import { recordFittingAnswer } from './answer-fit.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { listedOrder } from './listed-order.ts';
import { requestOrder } from './request-order.ts';
import { spendAgain } from '../limits/spending.ts';

/**
 * Finds the order of an intent whose answer never came (docs/decisions.md#a-lost-neworder). Where the CA has
 * a list of the account's orders (RFC 8555 §7.1.2.1), the order is looked for in it. Else newOrder is sent
 * again where the CA is known to hand the same order back, as Boulder does. But after an order for these
 * names has failed, Boulder makes a new order each time, until the failed one has expired. An order that was
 * given up may come up in the list all the same: it is settled then.
 * @param options.mayRepeat whether the order is wanted now: a clean-up makes none. Where only sending
 *   newOrder again would tell, the intent then stays for the next attempt for its names, and is counted until
 *   its authorizations must have expired
 * @param options.isAnswered the CA itself told of its fault: the request isn't under way any more
 * @returns null when there is no order (the intent is released), or nothing can be known (the intent stays
 *   counted)
 */
export async function findLost(
  run: AccountRun,
  row: OrderRow,
  identifiers: readonly Identifier[],
  { isAnswered = false, mayRepeat = true }: { isAnswered?: boolean; mayRepeat?: boolean } = {},
): Promise<PlacedOrder | null> {
  const listed = await listedOrder(run, row, identifiers);
  const isHandedBack = run.policy === 'resume' && row.status === 'intent';
  if (listed === 'no-list' && isHandedBack && !(await hasFailedAlike(run.ledger, row, run.clock.now()))) {
    if (mayRepeat) return repeatNewOrder(run, row, identifiers);
    if (row.reserved_until > run.clock.now()) {
      await releaseOrder(run, row.id, {});
      return null;
    }
  }
  if (listed === null || typeof listed === 'string') {
    const isRuledOut = listed === null && (isAnswered || !isUnderWay(row, run.clock.now()));
    await releaseOrder(run, row.id, { status: 'abandoned', keepReserved: !isRuledOut });
    return null;
  }
  return { row: await recordFittingAnswer(run, row, listed), answer: listed };
}

/** Whether the newOrder may still be under way: until its end an empty list rules nothing out. */
function isUnderWay(row: OrderRow, now: Date): boolean {
  return later(row.created_at, newOrderLifeMs) > now;
}

async function repeatNewOrder(
  run: AccountRun,
  row: OrderRow,
  identifiers: readonly Identifier[],
): Promise<PlacedOrder | null> {
  await run.outage.pass('newOrder', run.stops.work);
  await spendAgain(run, identifiers);
  try {
    return await requestOrder(run, row, identifiers, { isCounted: true, isRepeated: true });
  } catch (error) {
    // The CA gave no answer, or none yet: the intent goes on being counted.
    if (isOutcomeUnknown(error) || isLimit(error) || isLedgerFailure(error)) throw error;
    // The CA refused: authorizations of the first newOrder, if it opened any, are out of reach.
    await releaseOrder(run, row.id, {
      status: 'abandoned',
      keepReserved: true,
      error: errorRecord(error),
    });
    return null;
  }
}

function isLimit(error: unknown): boolean {
  return hasCode(error, 'ca-limit');
}
