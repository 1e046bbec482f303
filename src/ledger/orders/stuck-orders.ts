import { appendEvents } from '../events.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/**
 * Marks an order that the CA has been working on for too long: it isn't the order for its names any more, and
 * is watched until it comes to an end. Nothing happens when the order isn't this run's.
 */
export async function recordStuck(writer: LedgerWriter, orderId: number): Promise<void> {
  await inTransaction(writer, async (tx) => {
    const result = await tx.ledger
      .updateTable('orders')
      .set((row) => ({
        run_id: null,
        kept_until: null,
        stuck_at: row.fn.coalesce('stuck_at', row.val(instant(tx))),
        updated_at: instant(tx),
      }))
      .where('id', '=', orderId)
      .where('run_id', '=', tx.runId)
      .executeTakeFirst();
    if (result.numUpdatedRows > 0n) await appendEvents(tx, [{ kind: 'order-stuck', orderId }]);
  });
}
