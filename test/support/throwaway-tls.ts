import * as x509 from '@peculiar/x509';
import { KeyObject, webcrypto } from 'node:crypto';

/** What a server on loopback needs to speak TLS, and what its clients need to trust it. */
export interface ThrowawayTls {
  caPem: string;
  certificatePem: string;
  privateKeyPem: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;

let made: Promise<ThrowawayTls> | undefined;

/** A root and a certificate of it for localhost, 127.0.0.1 and ::1, made once per process. */
export function throwawayTls(): Promise<ThrowawayTls> {
  made ??= makeTls();
  return made;
}

async function makeTls(): Promise<ThrowawayTls> {
  const rootKeys = await newKeys();
  const leafKeys = await newKeys();
  const root = await makeRoot(rootKeys);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=localhost',
    issuer: root.subject,
    ...validity(),
    publicKey: leafKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  });
  return {
    caPem: root.toString('pem'),
    certificatePem: leaf.toString('pem'),
    privateKeyPem: KeyObject.from(leafKeys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function makeRoot(keys: webcrypto.CryptoKeyPair): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=throw-away root of a test',
    ...validity(),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
}

/** From yesterday, so that clocks may differ. */
function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + 30 * dayMs) };
}
