import { readStored } from '../certificates/store.ts';
import { kindOf } from '../challenges/settings.ts';
import { renewalOf } from '../issuance/due/renewal-window.ts';
import { listCertificates } from '../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CommandContext } from '../run/run-context.ts';
import { wantedCertificate } from '../wanted/wanted-certificate.ts';
import { withWanted } from '../wanted/write-configured.ts';
import { type CertificateJson, certificateJson } from './certificate-json.ts';

/**
 * The certificates that should exist, one after the other: ten thousand are more files than a process may
 * have open.
 * @param options.withFiles whether the certificates' files are read, too
 * @param act gets a failure where a certificate's files can't be read: the certificate is shown as if they
 * weren't there
 */
export async function eachCertificate(
  context: CommandContext,
  { withFiles }: { withFiles: boolean },
  act: (certificate: CertificateJson, failure?: unknown) => void,
): Promise<void> {
  await withWanted(context, async (ledger) => {
    for (const row of await listCertificates(ledger)) {
      const withoutFiles = certificateJson(row, dueAtOf(row), null);
      if (!withFiles) act(withoutFiles);
      else {
        await shown(context, row).then(
          (certificate) => act(certificate),
          (error: unknown) => act(withoutFiles, error),
        );
      }
    }
  });
}

/**
 * A certificate, and how its names are proven: these are the programs that root runs and the directories that
 * it writes to.
 * @throws AcmeLedgerError `not-found`
 */
export async function oneCertificate(
  context: CommandContext,
  name: string,
): Promise<{ certificate: CertificateJson; proven: () => { label: string; text: string } }> {
  return withWanted(context, async (ledger) => {
    const certificate = await shown(context, await wantedCertificate(ledger, name));
    return { certificate, proven: () => kindOf(certificate.settings).shown(certificate.settings) };
  });
}

async function shown({ settings }: CommandContext, row: CertificateRow): Promise<CertificateJson> {
  return certificateJson(row, dueAtOf(row), await readStored(settings.stateDir, row.name));
}

function dueAtOf(row: CertificateRow): Date | null {
  // A revoked certificate is replaced by the next renew, however long it was good for.
  if (row.revoked_at !== null) return new Date(row.revoked_at);
  return row.order_id === null ? null : (renewalOf(row)?.dueAt ?? null);
}
