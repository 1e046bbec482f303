import { later } from '../../clock.ts';
import { recordOrderAnswer, releaseOrder } from '../../ledger/orders/orders.ts';
import { recordStuck } from '../../ledger/orders/stuck-orders.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import { issuanceTimeoutMs } from '../certificate/finalize.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { poll } from '../waiting/polling.ts';

/**
 * How often an order is looked at that the CA doesn't get on with: Boulder keeps an order that died in
 * finalize for seven days.
 */
const lookEveryMs = 600_000;
/**
 * How long a clean-up waits for an order that was finalized a moment ago; its own attempt waits for longer.
 */
const momentMs = 5_000;

/** Whether the CA has been at the order for longer than an attempt waits for a certificate. */
export function isStuck({ stuck_at, finalize_sent_at }: OrderRow, now: Date): boolean {
  if (stuck_at !== null) return true;
  return finalize_sent_at !== null && later(finalize_sent_at, issuanceTimeoutMs) <= now;
}

/** Whether any run looked at a watched order a short time ago. */
export function wasLookedAt({ stuck_at, updated_at: at }: OrderRow, now: Date): boolean {
  return stuck_at !== null && at <= now && later(at, lookEveryMs) > now;
}

/**
 * The order when the CA is done with it, for a run that has other things to do. An order that the CA is still
 * at is waited for only a moment: it is left to the attempt for its names, or watched once it has taken too
 * long.
 * @returns null when the CA is still at the order
 */
export async function doneMeanwhile(run: AccountRun, placed: PlacedOrder): Promise<PlacedOrder | null> {
  if (placed.answer.status !== 'processing') return placed;
  const { clock, session, stops } = run;
  let current = placed;
  if (!isStuck(placed.row, clock.now())) {
    const answer = await poll(
      () => session.getOrder(placed.answer.url, stops.grace),
      ({ status }) => status !== 'processing',
      { clock, deadline: later(clock.now(), momentMs), signal: stops.work, last: placed.answer },
    );
    current = { row: await recordOrderAnswer(run, placed.row, answer), answer };
  }
  if (current.answer.status !== 'processing') return current;
  if (isStuck(current.row, clock.now())) await recordStuck(run, current.row.id);
  else await releaseOrder(run, current.row.id, {});
  return null;
}
