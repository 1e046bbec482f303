import type { ErrorRecord } from '../../errors.ts';
import { appendEvents } from '../events.ts';
import { releaseReservations } from '../limits/limit-reservations.ts';
import { insertAuthorizationUrls } from './order-authorizations.ts';
import { orderByUrl, ownedOrder } from './orders.ts';
import type { OrderRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/**
 * Gives up an order because the CA's answer isn't for the order that was asked for. This run goes on owning
 * it until the authorizations of the answer are settled: they are written down, so that the gate counts them.
 * @throws AcmeLedgerError `busy` when this run doesn't own the order any more
 */
export async function recordUnfit(
  writer: LedgerWriter,
  order: OrderRow,
  answer: { url: string; authorizationUrls: readonly string[] },
  error: ErrorRecord,
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    const before = await ownedOrder(tx, order.id);
    const row = await tx.ledger
      .updateTable('orders')
      .set({
        url: before.url ?? ((await orderByUrl(tx.ledger, answer.url)) === undefined ? answer.url : null),
        status: 'abandoned',
        reserved: 0,
        kept_until: null,
        concluded_at: instant(tx),
        updated_at: instant(tx),
        error,
      })
      .where('id', '=', before.id)
      .where('run_id', '=', tx.runId)
      .returningAll()
      .executeTakeFirstOrThrow();
    await releaseReservations(tx, row);
    await insertAuthorizationUrls(tx, row, answer.authorizationUrls);
    const data = { url: answer.url, from: before.status, to: row.status };
    await appendEvents(tx, [{ kind: 'difference', orderId: row.id, accountId: row.account_id, data }]);
  });
}
