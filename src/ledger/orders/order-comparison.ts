import { appendEvents } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import type { OrderAnswer } from './orders.ts';
import { orderById } from './orders.ts';
import { insertAuthorizationUrls } from './order-authorizations.ts';
import type { OrderRow } from '../schema.ts';
import { orderStatusesBefore } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** Orders with a URL that aren't concluded, or whose authorizations the gate counts unseen. Oldest first. */
export async function openOrders(ledger: Ledger, accountId: number): Promise<OrderRow[]> {
  return ledger
    .selectFrom('orders')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('url', 'is not', null)
    .where((where) => where.or([where('concluded_at', 'is', null), where('reserved', '>', 0)]))
    .orderBy('id')
    .execute();
}

/**
 * Orders whose newOrder was never answered, as long as the gate counts the authorizations that they may have
 * opened. Oldest first.
 */
export async function lostOrders(ledger: Ledger, accountId: number, now: Date): Promise<OrderRow[]> {
  return ledger
    .selectFrom('orders')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('url', 'is', null)
    .where('reserved', '>', 0)
    .where((where) => where.or([where('concluded_at', 'is', null), where('reserved_until', '>', now)]))
    .orderBy('id')
    .execute();
}

/** The result of comparing an order with the CA's answer. */
export interface OrderComparison {
  differs: boolean;
  /**
   * URLs of authorizations that the ledger didn't know of, or not as this order's. It knows them from here
   * on.
   */
  learned: string[];
}

/**
 * Records how the CA's answer differs from the ledger, for an order that nobody works on: its status, unless
 * that ends the order (which is for the run that settles its authorizations), its certificate URL, and
 * authorizations that weren't known.
 * @returns null when the order has changed since it was read: a run works on it now
 */
export async function recordComparison(
  writer: LedgerWriter,
  order: OrderRow,
  answer: OrderAnswer,
): Promise<OrderComparison | null> {
  return inTransaction(writer, async (tx) => {
    const now = await orderById(tx.ledger, order.id);
    if (now === undefined || JSON.stringify(now) !== JSON.stringify(order)) return null;
    const learned = await unknownOf(tx.ledger, order, answer.authorizationUrls);
    await insertAuthorizationUrls(tx, { ...order, expires_at: answer.expiresAt }, learned);
    const differs = answer.status !== order.status || learned.length > 0 || order.reserved > 0;
    if (!differs) return { differs, learned };
    await tx.ledger
      .updateTable('orders')
      .set(changes(tx, order, answer))
      .where('id', '=', order.id)
      .execute();
    const data = { ledger: order.status, ca: answer.status, ...(learned.length > 0 ? { learned } : {}) };
    await appendEvents(tx, [{ kind: 'difference', orderId: order.id, accountId: order.account_id, data }]);
    return { differs, learned };
  });
}

/** Records that the CA has forgotten the order. */
export async function recordForgotten(writer: LedgerWriter, order: OrderRow): Promise<void> {
  const data = { ledger: order.status, ca: 'gone' };
  await appendEvents(writer, [{ kind: 'difference', orderId: order.id, accountId: order.account_id, data }]);
}

function changes(writer: LedgerWriter, order: OrderRow, answer: OrderAnswer) {
  const isOver = answer.status === 'invalid' || order.concluded_at !== null;
  const isPossible = orderStatusesBefore(answer.status).includes(order.status);
  return {
    // The order's authorizations are counted one by one from here on.
    reserved: 0,
    updated_at: instant(writer),
    ...(isPossible && !isOver ? { status: answer.status, expires_at: answer.expiresAt } : {}),
    ...(answer.certificateUrl === null || isOver ? {} : { certificate_url: answer.certificateUrl }),
  };
}

async function unknownOf(ledger: Ledger, order: OrderRow, urls: readonly string[]): Promise<string[]> {
  const known = await ledger
    .selectFrom('authorizations')
    .innerJoin('order_authorizations', 'order_authorizations.authorization_id', 'authorizations.id')
    .select('authorizations.url')
    .where('order_authorizations.order_id', '=', order.id)
    .execute();
  const linked = new Set(known.map(({ url }) => url));
  return urls.filter((url) => !linked.has(url));
}
