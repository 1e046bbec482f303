import { appendEvents } from '../events.ts';
import { lastActAt, runsById } from '../runs.ts';
import type { OrderRow, RunRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/**
 * Makes this run the order's owner, if the owner is still the run that the caller saw, and still dead: a run
 * that was only stopped for long renews its lease before it acts.
 * @param isAlive judges the owner as the ledger has it at that moment
 * @returns false when another run was first, or the owner lives
 */
export async function takeOver(
  writer: LedgerWriter,
  order: OrderRow,
  isAlive: (owner: RunRow | undefined) => boolean,
): Promise<boolean> {
  return inTransaction(writer, async (tx) => {
    if (order.run_id !== null) {
      const owner = (await runsById(tx.ledger, [order.run_id])).get(order.run_id);
      if (isAlive(owner)) return false;
    }
    let update = tx.ledger
      .updateTable('orders')
      // The order is kept no longer: should this run die, the order is as free as that of any dead run.
      .set({ run_id: tx.runId, kept_until: null, updated_at: instant(tx) })
      .where('id', '=', order.id);
    update =
      order.run_id === null ? update.where('run_id', 'is', null) : update.where('run_id', '=', order.run_id);
    const result = await update.executeTakeFirst();
    if (result.numUpdatedRows === 0n) return false;
    await countSubmitsFromDeath(tx, order);
    await appendEvents(tx, [{ kind: 'order-taken-over', orderId: order.id, data: { from: order.run_id } }]);
    return true;
  });
}

/**
 * A submit that was under way when its run died may have been sent in that moment: its verdict is awaited
 * from there.
 */
async function countSubmitsFromDeath(writer: LedgerWriter, order: OrderRow): Promise<void> {
  const dead =
    order.run_id === null ? undefined : (await runsById(writer.ledger, [order.run_id])).get(order.run_id);
  if (dead === undefined) return;
  const held = writer.ledger
    .selectFrom('order_authorizations')
    .select('authorization_id')
    .where('order_id', '=', order.id);
  const lastAct = lastActAt(dead);
  await writer.ledger
    .updateTable('authorizations')
    .set({ submitted_at: lastAct < instant(writer) ? lastAct : instant(writer) })
    .where('id', 'in', held)
    .where('challenge', '=', 'submitting')
    .where('submitted_at', '<', lastAct)
    .execute();
}
