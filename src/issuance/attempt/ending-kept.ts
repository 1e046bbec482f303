import { recordFailed } from '../../ledger/certificates/certificate-failures.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { collectCertificate } from '../certificate/collect.ts';
import { deployOrLeave } from '../certificate/deploy.ts';
import { supersededError } from '../certificate/superseded.ts';
import type { Attempt } from './attempt.ts';
import type { Ending } from './ending.ts';

/** The ending that keeps the certificate: it is stored in place of the one before, and deployed. */
export const keeping: Ending = {
  rehearsalOf: () => null,
  preferredChainOf: (certificate) => certificate.preferred_chain,
  async collect(run, certificate, order, files, download) {
    const verdict = await collectCertificate(run, certificate, order, files, download);
    if (verdict.verdict === 'ours')
      run.log.info({ order: order.id }, `${certificate.name}: the certificate is stored`);
    return verdict;
  },
  async attemptOf(run, certificate, order, verdict) {
    if (verdict.verdict === 'newer') return storedMeanwhile(run, certificate);
    const superseded = supersededError(certificate, order, verdict);
    if (superseded !== null) throw superseded;
    const stored = await asStored(run, certificate);
    return {
      status: 'issued',
      certificate: stored,
      orderId: order.id,
      error: await deployOrLeave(run, stored),
    };
  },
  recordFailed,
};

/** Another run has stored the certificate: nothing is left to do. */
export async function storedMeanwhile(run: AccountRun, certificate: CertificateRow): Promise<Attempt> {
  const stored = await asStored(run, certificate);
  return { status: 'issued', certificate: stored, orderId: null, error: null };
}

async function asStored({ ledger }: AccountRun, certificate: CertificateRow): Promise<CertificateRow> {
  return (await certificateByName(ledger, certificate.name)) ?? certificate;
}
