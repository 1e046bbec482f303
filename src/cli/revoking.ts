import { readFile } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import { authorityOf } from '../acme/known-authorities.ts';
import { factsOf } from '../certificates/certificate.ts';
import { readStored } from '../certificates/store.ts';
import { AcmeLedgerError } from '../errors.ts';
import { recordRevoked } from '../ledger/certificates.ts';
import { issuersOf } from '../ledger/issuers.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CommandContext } from './context.ts';
import { withLedger } from './ledger-opening.ts';
import { withIssuance } from './opening.ts';

/** RFC 8555 §7.6, signed by the account that the certificate was issued to. */
export async function revoke(
  context: CommandContext,
  certificate: CertificateRow,
  reason: number,
): Promise<'revoked' | 'already-revoked'> {
  const stored = await readStored(context.settings.stateDir, certificate.name);
  if (stored === null) {
    throw new AcmeLedgerError('not-found', `no certificate is stored for ${certificate.name}`, {
      hint: 'acme-ledger cert list',
    });
  }
  const leaf = new X509Certificate(await readFile(stored.paths.cert));
  const options = { command: 'cert revoke', mayRegister: false };
  const issuers = await withLedger(context.settings, (ledger) => issuersOf(ledger, [certificate]));
  const issuer = authorityOf(issuers.get(certificate.name) ?? certificate.ca);
  return withIssuance(context, issuer, options, async (issuance) => {
    const outcome = await issuance.session.revokeCertificate(leaf.raw, reason, {
      // After a signal nothing is begun, however long the request has waited by then.
      assertAllowed: async () => {
        context.stops.work.throwIfAborted();
        await Promise.resolve();
      },
      signal: context.stops.grace,
    });
    await recordRevoked(issuance, certificate.name, factsOf(leaf).serial);
    return outcome;
  });
}
