import { timeText } from '../../clock.ts';
import { farthestKeptMs, isStillAhead } from '../../bounded-wait.ts';
import { closingRunOf } from '../../ledger/authorizations/closing-claims.ts';
import { ordersHolding } from '../../ledger/orders/order-queries.ts';
import type { AuthorizationRow, OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { aliveAmong } from './lease.ts';

export interface ProtectionOptions {
  /** Whether authorizations that are kept for a resume are closed, too. */
  includeKept: boolean;
  /** The order on whose behalf an authorization is closed. */
  exceptOrderId?: number;
}

/** Why an authorization is to be left alone. */
export interface Protection {
  /** A sentence for a person. */
  reason: string;
  /** The other live run that works on the authorization; null when no other run does. */
  run: string | null;
}

/**
 * Why an authorization is to be left alone: an order of another live run holds it, such a run is closing it,
 * or (unless `includeKept`) an order that is kept for a resume holds it. One authorization can belong to
 * several orders, because CAs reuse them (RFC 8555 §7.1.3 lets them).
 */
export async function protectionOf(
  run: AccountRun,
  row: AuthorizationRow,
  options: ProtectionOptions,
): Promise<Protection | null> {
  const orders = (await ordersHolding(run.ledger, row.id)).filter(
    // The order is excepted only while this run owns it: another run may have taken it over from this one
    // while it was asleep.
    ({ id, run_id }) => id !== options.exceptOrderId || run_id !== run.runId,
  );
  const closer = await closingRunOf(run.ledger, row.id);
  const others = [closer, ...orders.map((order) => order.run_id)].filter((id) => id !== run.runId);
  const alive = await aliveAmong(run, others);
  const now = run.clock.now();
  for (const order of orders) {
    // Another order of this very run is being worked on unless it is the one being settled.
    const isOurs = order.run_id === run.runId && options.exceptOrderId !== undefined;
    const other = alive.has(order.run_id) ? order.run_id : null;
    if (isOurs || other !== null) {
      return { reason: `order ${String(order.id)} is being worked on`, run: other };
    }
    if (isKept(order, now) && !options.includeKept && row.refused_at === null) {
      return { reason: `kept for the next attempt until ${timeText(order.kept_until)}`, run: null };
    }
  }
  return alive.has(closer) ? { reason: 'another run is closing it', run: closer } : null;
}

/**
 * Whether an order waits for the next attempt for its names. A time that only a clock that was ahead can have
 * written doesn't count.
 */
export function isKept({ kept_until, expires_at }: OrderRow, now: Date): boolean {
  const isUntilItsEnd = kept_until !== null && expires_at !== null && kept_until <= expires_at;
  return isStillAhead(kept_until, now, isUntilItsEnd ? Infinity : farthestKeptMs);
}
