import { identifierSetKey, parseName } from '../../identifiers.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import { failingAnywhere } from '../../ledger/names/failing-names.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';

/**
 * Whether a clean-up leaves a dead run's order to the next attempt for its names, as the run itself would
 * have done at a signal (policy `resume`): closing it would cost each name a failed validation.
 */
export async function isLeftToItsNames(run: AccountRun, order: OrderRow): Promise<boolean> {
  if (run.policy !== 'resume' || order.concluded_at !== null || order.kept_until !== null) return false;
  const certificate = await certificateByName(run.ledger, order.certificate_name);
  return certificate !== undefined && isStillWanted(run, certificate, order);
}

/**
 * Whether the certificate of an order is still wanted: what is wanted may have changed, or a newer order may have
 * brought the certificate that is in place.
 */
export async function isStillWanted(
  { ledger, account }: AccountRun,
  certificate: CertificateRow,
  order: OrderRow,
): Promise<boolean> {
  if (certificate.removed_at !== null || certificate.profile !== order.profile) return false;
  // At another CA than the wanted one only a fallback made the order, which is never for one that is wanted otherwise.
  if (certificate.ca !== account.ca && certificate.order_id === null) return false;
  if (certificate.order_id !== null && certificate.order_id > order.id) return false;
  const [wanted, ordered] = [certificate.names, order.names];
  if (identifierSetKey(wanted.map(parseName)) === order.names_key) return true;
  // The order may have been made without names that fail (docs/decisions.md#dropping-names).
  const lacking = wanted.filter((name) => !ordered.includes(name));
  // A name may fail at a staging, in its rehearsal.
  const failing = await failingAnywhere(ledger, lacking);
  return ordered.every((name) => wanted.includes(name)) && lacking.every((name) => failing.has(name));
}
