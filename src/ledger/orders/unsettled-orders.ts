import { farthestReservationMs, isStillAhead } from '../../bounded-wait.ts';
import type { Ledger } from '../ledger.ts';
import type { OrderRow } from '../schema.ts';

/**
 * A newOrder without an answer may reach the CA for so long after its intent: a request lives for 40 s here,
 * and a while in whatever lies between.
 */
export const newOrderLifeMs = 300_000;

/** How long every run looks for a newOrder that was given up: it may have come to the CA late. */
const lateMs = 3_600_000;

/**
 * Orders with something left to do, oldest first: orders that aren't concluded, orders with a pending
 * authorization that the CA didn't refuse to deactivate, orders with an answer still up, orders whose
 * newOrder was lost and that are to be looked for. Whether a run works on them is
 * `issuance/ownership/lease.ts`.
 */
export async function unsettledOrders(ledger: Ledger, accountId: number, now: Date): Promise<OrderRow[]> {
  const lost = await lostOrders(ledger, accountId, now);
  // Only three indexes of open rows are read: the orders of years are never gone through.
  const open = await ledger
    .selectFrom('orders')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', 'in', (query) =>
      query
        .selectFrom('orders')
        .select('id')
        .where('account_id', '=', accountId)
        .where('concluded_at', 'is', null)
        .union(
          query
            .selectFrom('authorizations')
            .innerJoin('order_authorizations', 'order_authorizations.authorization_id', 'authorizations.id')
            .select('order_authorizations.order_id as id')
            .where('authorizations.account_id', '=', accountId)
            .where('authorizations.status', '=', 'pending')
            .where('authorizations.refused_at', 'is', null),
        )
        .union(query.selectFrom('presentations').select('order_id as id').where('cleaned_at', 'is', null)),
    )
    .orderBy('id')
    .execute();
  const known = new Set(open.map(({ id }) => id));
  return [...open, ...lost.filter(({ id }) => !known.has(id))].sort((a, b) => a.id - b.id);
}

/**
 * Orders given up without an answer, still counted by the gate, and not looked for since an answer of the CA
 * could rule them out.
 */
async function lostOrders(ledger: Ledger, accountId: number, now: Date): Promise<OrderRow[]> {
  const lost = await ledger
    .selectFrom('orders')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('status', '=', 'abandoned')
    .where('reserved', '>', 0)
    .where('reserved_until', '>', now)
    .execute();
  return lost.filter(({ created_at, concluded_at, reserved_until }) => {
    if (!isStillAhead(reserved_until, now, farthestReservationMs)) return false;
    const sentAt = created_at.getTime();
    // Each look that came to an end concludes the order anew.
    const lookedAt = concluded_at === null ? sentAt : concluded_at.getTime();
    return now.getTime() < sentAt + lateMs || lookedAt < sentAt + newOrderLifeMs;
  });
}
