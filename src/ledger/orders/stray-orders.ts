import { appendEvents } from '../events.ts';
import { insertAuthorizationUrls } from './order-authorizations.ts';
import { orderById, orderByUrl } from './orders.ts';
import type { OrderRow } from '../schema.ts';
import type { OrderStatus } from '../states.ts';
import { orderStatusesBefore } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** An order that the CA has made, as far as its answer says. */
export interface MadeOrder {
  url: string | null;
  status: Exclude<OrderStatus, 'intent' | 'abandoned'>;
  expiresAt: Date | null;
  finalizeUrl: string | null;
  authorizationUrls: readonly string[];
}

/**
 * Hands over the order that this run's newOrder has made at the CA, when another run took the row over
 * meanwhile. The row gets the made order where it has no URL yet. Otherwise the made order becomes a row of
 * its own that is over, so that its authorizations are counted, and settled by this run or any.
 * @returns the order that this run owns now and has to settle; null when another run goes on with it
 */
export async function handOver(
  writer: LedgerWriter,
  order: OrderRow,
  made: MadeOrder,
): Promise<OrderRow | null> {
  return inTransaction(writer, async (tx) => {
    if (made.url !== null && (await orderByUrl(tx.ledger, made.url)) !== undefined) return null;
    const now = (await orderById(tx.ledger, order.id)) ?? order;
    if (made.url === null || now.url !== null) return insertStray(tx, order, made);
    const isOver = now.concluded_at !== null;
    const isPossible = orderStatusesBefore(made.status).includes(now.status);
    const row = await tx.ledger
      .updateTable('orders')
      .set({
        url: made.url,
        finalize_url: made.finalizeUrl,
        expires_at: made.expiresAt,
        reserved: 0,
        updated_at: instant(tx),
        ...(isPossible && !isOver ? { status: made.status } : {}),
        ...(isPossible && !isOver && made.status === 'invalid' ? { concluded_at: instant(tx) } : {}),
        ...(isOver && now.run_id === null ? { run_id: tx.runId } : {}),
      })
      .where('id', '=', now.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await insertAuthorizationUrls(tx, row, made.authorizationUrls);
    await told(tx, row, made);
    return row.run_id === tx.runId ? row : null;
  });
}

async function insertStray(writer: LedgerWriter, order: OrderRow, made: MadeOrder): Promise<OrderRow> {
  const at = instant(writer);
  const row = await writer.ledger
    .insertInto('orders')
    .values({
      account_id: order.account_id,
      certificate_name: order.certificate_name,
      names: order.names,
      names_key: order.names_key,
      profile: order.profile,
      replaces: null,
      rehearsal: order.rehearsal,
      url: made.url,
      status: 'abandoned',
      expires_at: made.expiresAt,
      reserved: 0,
      reserved_until: at,
      run_id: writer.runId,
      created_at: at,
      updated_at: at,
      concluded_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await insertAuthorizationUrls(writer, row, made.authorizationUrls);
  await told(writer, row, made);
  return row;
}

async function told(writer: LedgerWriter, row: OrderRow, { url, status }: MadeOrder): Promise<void> {
  const data = { url, status, handedOverBy: writer.runId };
  await appendEvents(writer, [{ kind: 'order-answered', orderId: row.id, accountId: row.account_id, data }]);
}
