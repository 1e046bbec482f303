import { recordFailed } from '../../ledger/certificates/certificate-failures.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { Issuance } from '../account-run.ts';
import { collectCertificate } from '../certificate/collect.ts';
import { deployOrLeave } from '../certificate/deploy.ts';
import { supersededError } from '../certificate/superseded.ts';
import type { Attempt } from './attempt.ts';
import type { Ending } from './ending.ts';

/** The certificate is stored in place of the one before, and deployed. */
export const keeping: Ending = {
  rehearsalOf: () => null,
  preferredChainOf: (certificate) => certificate.preferred_chain,
  async collect(issuance, certificate, order, files, download) {
    const verdict = await collectCertificate(issuance, certificate, order, files, download);
    if (verdict.verdict === 'ours')
      issuance.log.info({ order: order.id }, `${certificate.name}: the certificate is stored`);
    return verdict;
  },
  async attemptOf(issuance, certificate, order, verdict) {
    if (verdict.verdict === 'newer') return storedMeanwhile(issuance, certificate);
    const superseded = supersededError(certificate, order, verdict);
    if (superseded !== null) throw superseded;
    const stored = await asStored(issuance, certificate);
    return {
      status: 'issued',
      certificate: stored,
      orderId: order.id,
      error: await deployOrLeave(issuance, stored),
    };
  },
  recordFailed,
};

/** Another run has stored the certificate: nothing is left to do. */
export async function storedMeanwhile(issuance: Issuance, certificate: CertificateRow): Promise<Attempt> {
  const stored = await asStored(issuance, certificate);
  return { status: 'issued', certificate: stored, orderId: null, error: null };
}

async function asStored({ ledger }: Issuance, certificate: CertificateRow): Promise<CertificateRow> {
  return (await certificateByName(ledger, certificate.name)) ?? certificate;
}
