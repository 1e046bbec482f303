import { renewalIdentifierOf } from '../../certificates/renewal-identifier.ts';
import { errorRecord } from '../../errors.ts';
import { wasReplacingRefused } from '../../ledger/orders/order-queries.ts';
import { orderById } from '../../ledger/orders/orders.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { Issuance } from '../account-run.ts';

/**
 * The stored certificate that a new one takes the place of, as `replaces` of newOrder names it (RFC 9773 §5). Null when the CA has no
 * renewal information, didn't issue the stored one to this account or revoked it, or the wish has changed since.
 */
export async function replacedBy(issuance: Issuance, certificate: CertificateRow): Promise<string | null> {
  if (
    certificate.order_id === null ||
    certificate.revoked_at !== null ||
    issuance.session.directory.renewalInfo === null
  )
    return null;
  try {
    const order = await orderById(issuance.ledger, certificate.order_id);
    if (order?.account_id !== issuance.account.id) return null;
    // What lies there may be somebody else's: then there is none.
    const replaces = await renewalIdentifierOf(issuance.stateDir, certificate);
    // An order that a CA made nothing of, say with a 500, may have failed for that: the next goes without.
    return replaces === null || (await wasReplacingRefused(issuance.ledger, replaces)) ? null : replaces;
  } catch (error) {
    // It is advice: without it the certificate is renewed all the same.
    issuance.log.debug({ error: errorRecord(error) }, 'the certificate to replace could not be read');
    return null;
  }
}
