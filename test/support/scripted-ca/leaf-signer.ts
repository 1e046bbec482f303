import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Signs what a CSR asks for; the names may be others. */
export interface LeafSigner {
  sign(csrDer: Buffer, names: readonly LeafName[]): Promise<string>;
  rootPem: string;
}

export interface LeafName {
  type: 'dns' | 'ip' | 'email' | 'url';
  value: string;
}

export async function newLeafSigner(): Promise<LeafSigner> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = 'CN=Scripted root';
  const common = { signingAlgorithm: algorithm, signingKey: keys.privateKey };
  const root = await x509.X509CertificateGenerator.create({
    ...common,
    ...life(),
    serialNumber: serial(),
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    extensions: [new x509.BasicConstraintsExtension(true)],
  });
  return {
    rootPem: root.toString('pem'),
    async sign(csrDer, names) {
      const csr = new x509.Pkcs10CertificateRequest(csrDer);
      const leaf = await x509.X509CertificateGenerator.create({
        ...common,
        ...life(),
        serialNumber: serial(),
        subject: 'CN=leaf',
        issuer: name,
        publicKey: csr.publicKey,
        extensions: [new x509.SubjectAlternativeNameExtension([...names])],
      });
      return `${leaf.toString('pem')}\n${root.toString('pem')}\n`;
    },
  };
}

function life(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 90 * 86_400_000) };
}

function serial(): string {
  return `4a${randomBytes(15).toString('hex')}`;
}
