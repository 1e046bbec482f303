import { renewalIdentifierOf } from '../../certificates/renewal-identifier.ts';
import { errorRecord } from '../../errors.ts';
import { wasReplacingRefused } from '../../ledger/orders/order-queries.ts';
import { orderById } from '../../ledger/orders/orders.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';

/**
 * The stored certificate that a new one takes the place of, as `replaces` of newOrder names it (RFC 9773 §5). Null when the CA has no
 * renewal information, didn't issue the stored one to this account or revoked it, or the wish has changed since.
 */
export async function replacedBy(run: AccountRun, certificate: CertificateRow): Promise<string | null> {
  if (
    certificate.order_id === null ||
    certificate.revoked_at !== null ||
    run.session.directory.renewalInfo === null
  )
    return null;
  try {
    const order = await orderById(run.ledger, certificate.order_id);
    if (order?.account_id !== run.account.id) return null;
    // What lies there may be somebody else's: then there is none.
    const replaces = await renewalIdentifierOf(run.stateDir, certificate);
    // An order that a CA made nothing of, say with a 500, may have failed for that: the next goes without.
    return replaces === null || (await wasReplacingRefused(run.ledger, replaces)) ? null : replaces;
  } catch (error) {
    // It is advice: without it the certificate is renewed all the same.
    run.log.debug({ error: errorRecord(error) }, 'the certificate to replace could not be read');
    return null;
  }
}
