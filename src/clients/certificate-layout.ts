import type { ClientFile, FileLayout } from './client-files.ts';
import type { ClientCertificate } from './client-certificate.ts';

/** The place of the certificates that a client renews, and how its files are read. */
export interface CertificateLayout extends FileLayout {
  /**
   * The certificate that a file tells of.
   * @throws Error when the file isn't what it should be
   */
  certificateOf: (file: ClientFile) => Promise<Omit<ClientCertificate, 'client' | 'file'>>;
}

export function hostlessServer(
  directoryUrl: string | null,
): Pick<ClientCertificate, 'directoryUrl' | 'serverHost'> {
  return { directoryUrl, serverHost: null };
}
