import { isSameTime } from '../../clock.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import { certificateByName } from './certificates.ts';
import type { CertificateRow, OrderRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';

/**
 * Whether the certificate of an order may be put in place. `removed`: no certificate is wanted any more;
 * `changed`: the wanted certificate isn't the one that the attempt was for; `other-chain`: it is, with
 * another chain; `newer`: the certificate of a newer order has been put in place meanwhile.
 */
export type StoreVerdict =
  | { verdict: 'ours' }
  | { verdict: 'removed' }
  | { verdict: 'changed' | 'other-chain' | 'newer'; now: CertificateRow };

/**
 * Compares the certificate's row with the row that the attempt began with. Call it in the transaction that
 * records the store: the verdict holds until that transaction ends.
 * @param attempted the certificate as the attempt found it
 */
export async function storeVerdict(
  writer: LedgerWriter,
  attempted: CertificateRow,
  order: Pick<OrderRow, 'id'>,
): Promise<StoreVerdict> {
  const now = await certificateByName(writer.ledger, attempted.name);
  if (now === undefined || now.removed_at !== null) return { verdict: 'removed' };
  if (!isSameWanted(now, attempted)) return { verdict: 'changed', now };
  if (now.preferred_chain !== attempted.preferred_chain) return { verdict: 'other-chain', now };
  const isNewer =
    !isSameTime(now.stored_at, attempted.stored_at) && now.order_id !== null && now.order_id > order.id;
  return isNewer ? { verdict: 'newer', now } : { verdict: 'ours' };
}

/**
 * Whether two states of a row want the same certificate; how it is proven and deployed, and its chain, don't
 * matter.
 */
export function isSameWanted(one: CertificateRow, other: CertificateRow): boolean {
  return (
    one.ca === other.ca &&
    namesKey(one) === namesKey(other) &&
    one.key_type === other.key_type &&
    one.profile === other.profile &&
    one.csr === other.csr
  );
}

function namesKey({ names }: CertificateRow): string {
  return identifierSetKey(names.map(parseName));
}
