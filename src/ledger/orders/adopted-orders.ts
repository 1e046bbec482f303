import { identifierSetKey, parseName } from '../../identifiers.ts';
import type { LedgerWriter } from '../writer.ts';
import { instant } from '../writer.ts';

/**
 * Writes down an order for a certificate that is on disk and that the ledger knows nothing else of. The order
 * is over, and its fate at the CA isn't known. A stored certificate counts as the wanted one only with an
 * order.
 * @returns the order's id
 */
export async function insertAdoptedOrder(
  writer: LedgerWriter,
  order: { accountId: number; certificateName: string; names: readonly string[]; profile: string | null },
): Promise<number> {
  const at = instant(writer);
  const { id } = await writer.ledger
    .insertInto('orders')
    .values({
      account_id: order.accountId,
      certificate_name: order.certificateName,
      names: order.names,
      names_key: identifierSetKey(order.names.map(parseName)),
      profile: order.profile ?? '',
      status: 'abandoned',
      reserved: 0,
      reserved_until: at,
      concluded_at: at,
      created_at: at,
      updated_at: at,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
