import { readStored } from '../certificates/store.ts';
import { kindOf } from '../challenges/settings.ts';
import { listCertificates } from '../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { type Standing, standingsNow } from '../plan/standings.ts';
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
    const standings = await standingsNow(context, ledger);
    for (const row of await listCertificates(ledger)) {
      const standing = standings.get(row.name);
      const withoutFiles = certificateJson(row, null, standing);
      if (!withFiles) act(withoutFiles);
      else {
        await shown(context, row, standing).then(
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
    const row = await wantedCertificate(ledger, name);
    const certificate = await shown(context, row, (await standingsNow(context, ledger)).get(row.name));
    return { certificate, proven: () => kindOf(certificate.settings).shown(certificate.settings) };
  });
}

async function shown(
  { settings }: CommandContext,
  row: CertificateRow,
  standing: Standing | undefined,
): Promise<CertificateJson> {
  return certificateJson(row, await readStored(settings.stateDir, row.name), standing);
}
