import { keysOf } from '../json-record.ts';
import { acmeShCertificates } from './known/acme-sh-certificates.ts';
import { certbotCertificates } from './known/certbot-certificates.ts';
import type { CertificateLayout } from './certificate-layout.ts';
import type { ClientName } from './client-accounts.ts';
import type { ClientCertificate } from './client-certificate.ts';
import type { Surroundings } from './client-files.ts';
import { eachClientFile, surroundings } from './client-files.ts';
import type { Unreadable } from './found-files.ts';
import { legoCertificates } from './known/lego-certificates.ts';

const layouts: Partial<Record<ClientName, CertificateLayout>> = {
  certbot: certbotCertificates,
  lego: legoCertificates,
  'acme.sh': acmeShCertificates,
};

/** The clients whose certificates can be taken over. */
export const certificateClients = keysOf(layouts);

/**
 * All certificates that a client renews, sorted by their files' paths. Nothing is written.
 * @param directory the client's own directory; undefined: where the client has its files by itself
 * @returns null for a client whose certificates can't be taken over
 * @throws AcmeLedgerError as `accountsOfClient`
 */
export async function certificatesOfClient(
  client: ClientName,
  directory?: string,
  here: Surroundings = surroundings(),
): Promise<{ certificates: ClientCertificate[]; unreadable: Unreadable[] } | null> {
  const layout = layouts[client];
  if (layout === undefined) return null;
  const certificates: ClientCertificate[] = [];
  const unreadable = await eachClientFile({ client, directory, here }, layout, async (file) => {
    certificates.push({ client, file: file.file, ...(await layout.certificateOf(file)) });
  });
  return { certificates, unreadable };
}
