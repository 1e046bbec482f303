import type { Allowance } from '../../token-bucket.ts';
import { taken } from '../../token-bucket.ts';
import { compiledOnce } from '../compiled.ts';
import type { BucketKey } from './limit-buckets.ts';
import { changeBucket } from './limit-buckets.ts';
import type { OrderRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';

/**
 * Promises an order a token for the certificate that it may become. Called inside the transaction that writes
 * its intent.
 */
export async function reserveToken(
  writer: LedgerWriter,
  orderId: number,
  key: BucketKey,
  allowance: Allowance,
): Promise<void> {
  const bucketId = await changeBucket(writer, key, allowance, (bucket) => bucket);
  await writer.ledger
    .insertInto('limit_reservations')
    .values({ order_id: orderId, bucket_id: bucketId })
    .execute();
}

/**
 * Ends the order's promises of tokens: the tokens are taken once its certificate is issued, as the CA counts
 * it, and free again when there won't be a certificate. Called inside the transaction that writes the order's
 * new state.
 */
export async function releaseReservations(writer: LedgerWriter, order: OrderRow): Promise<void> {
  const issued = isIssued(order);
  if (!issued && order.concluded_at === null) return;
  const { rows } = await removeReservations(writer.ledger, { orderId: order.id });
  if (rows.length === 0 || !issued) return;
  const buckets = await writer.ledger
    .selectFrom('limit_buckets')
    .selectAll()
    .where(
      'id',
      'in',
      rows.map(({ bucket_id }) => bucket_id),
    )
    .execute();
  for (const { scope, limit_name, subject, max, period_seconds } of buckets) {
    const allowance = { max, periodMs: period_seconds * 1000 };
    await changeBucket(writer, { scope, limit: limit_name, subject }, allowance, taken);
  }
}

const removeReservations = compiledOnce((ledger, { orderId }: { orderId: number }) =>
  ledger.deleteFrom('limit_reservations').where('order_id', '=', orderId).returning('bucket_id'),
);

/** An order that was given up after its finalize may have been issued all the same. */
function isIssued({ status, certificate_url, finalize_sent_at }: OrderRow): boolean {
  const mayBe = status === 'abandoned' && finalize_sent_at !== null;
  return status === 'valid' || certificate_url !== null || mayBe;
}
