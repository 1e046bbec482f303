import { chunksOf } from '../chunks.ts';
import type { Ledger } from '../ledger.ts';
import type { CertificateRow } from '../schema.ts';

/**
 * The CA that each stored certificate came from, by the certificate's name: it may be a fallback. Where the
 * order isn't known, the CA that the certificate is wanted from.
 */
export async function issuersOf(
  ledger: Ledger,
  certificates: readonly Pick<CertificateRow, 'name' | 'ca' | 'order_id'>[],
): Promise<Map<string, string>> {
  const byOrder = new Map<number, string>();
  for (const ids of chunksOf(certificates.flatMap(({ order_id }) => order_id ?? []))) {
    const rows = await ledger
      .selectFrom('orders')
      .innerJoin('accounts', 'accounts.id', 'orders.account_id')
      .select(['orders.id', 'ca'])
      .where('orders.id', 'in', ids)
      .execute();
    for (const { id, ca } of rows) byOrder.set(id, ca);
  }
  return new Map(certificates.map(({ name, ca, order_id }) => [name, byOrder.get(order_id ?? 0) ?? ca]));
}
