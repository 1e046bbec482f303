import { insertAuthorizationUrls } from './order-authorizations.ts';
import { ownedOrder } from './orders.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/**
 * Records the authorizations of an order that the CA has made without saying where it is. They are counted
 * and settled like those of any other order; the order stays an intent, whose newOrder counts as lost.
 * @throws AcmeLedgerError `busy` when this run doesn't own the order any more
 */
export async function recordAuthorizationsOf(
  writer: LedgerWriter,
  orderId: number,
  urls: readonly string[],
): Promise<void> {
  if (urls.length === 0) return;
  await inTransaction(writer, async (tx) => {
    const order = await ownedOrder(tx, orderId);
    await insertAuthorizationUrls(tx, order, urls);
    await tx.ledger
      .updateTable('orders')
      // The CA may not have named all authorizations.
      .set({ reserved: Math.max(0, order.reserved - urls.length), updated_at: instant(tx) })
      .where('id', '=', orderId)
      .execute();
  });
}
