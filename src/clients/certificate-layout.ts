import type { ClientFile, FileLayout } from './client-files.ts';
import type { ClientCertificate } from './client-certificate.ts';

/** Where a client keeps what it knows of the certificates that it renews. */
export interface CertificateLayout extends FileLayout {
  /** @throws Error when the file isn't what it should be */
  certificateOf: (file: ClientFile) => Promise<Omit<ClientCertificate, 'client' | 'file'>>;
}

export function hostlessServer(
  directoryUrl: string | null,
): Pick<ClientCertificate, 'directoryUrl' | 'serverHost'> {
  return { directoryUrl, serverHost: null };
}
