import { renewalIdentifierOf } from '../../certificates/renewal-identifier.ts';
import { errorRecord } from '../../errors.ts';
import { wasReplacingRefused } from '../../ledger/orders/order-queries.ts';
import { orderById } from '../../ledger/orders/orders.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';

/**
 * The stored certificate that a new one replaces, as `replaces` of newOrder names it (RFC 9773 §5). Null when
 * the CA has no renewal information, when it revoked the stored certificate or didn't issue it to this
 * account, or when what is wanted has changed since.
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
    // The certificate on disk may be somebody else's: then there is none to replace.
    const replaces = await renewalIdentifierOf(run.stateDir, certificate);
    // An order with `replaces` that came to nothing, say by a 500, may have failed for that, so the next goes
    // without it.
    return replaces === null || (await wasReplacingRefused(run.ledger, replaces)) ? null : replaces;
  } catch (error) {
    // `replaces` is advice: without it the certificate is renewed all the same.
    run.log.debug({ error: errorRecord(error) }, 'the certificate to replace could not be read');
    return null;
  }
}
