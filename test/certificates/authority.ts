import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { generateKey, pemOf } from '../../src/certificates/key.ts';

const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A made-up CA of the test: issues chains of leaf, intermediate and, where asked for, its root. */
export interface Authority {
  issue(leaf: Leaf): Promise<string>;
}

export interface Leaf {
  names: string[];
  keyPem: string;
  notBefore?: Date;
  notAfter?: Date;
  withRoot?: boolean;
  /** Subject alternative names of other kinds than ACME has. */
  otherNames?: x509.JsonGeneralName[];
}

const dayMs = 24 * 60 * 60 * 1000;

export async function makeAuthority(rootName: string, intermediateName: string): Promise<Authority> {
  const root = await makeKeys(pemOf(await generateKey('ec256')));
  const intermediate = await makeKeys(pemOf(await generateKey('ec256')));
  const rootPem = await sign({ subject: `CN=${rootName}`, issuer: `CN=${rootName}`, of: root, by: root });
  const intermediatePem = await sign({
    subject: `CN=${intermediateName}`,
    issuer: `CN=${rootName}`,
    of: intermediate,
    by: root,
  });
  return {
    async issue(leaf) {
      const names = leaf.names.map(
        (value) => ({ type: /^[0-9.]+$|:/.test(value) ? 'ip' : 'dns', value }) as const,
      );
      const leafPem = await sign({
        subject: `CN=${leaf.names[0] ?? ''}`,
        issuer: `CN=${intermediateName}`,
        of: await makeKeys(leaf.keyPem),
        by: intermediate,
        ...leaf,
        names: [...names, ...(leaf.otherNames ?? [])],
      });
      return [leafPem, intermediatePem, ...(leaf.withRoot === true ? [rootPem] : [])].join('\n');
    },
  };
}

interface Signing {
  subject: string;
  issuer: string;
  of: webcrypto.CryptoKeyPair;
  by: webcrypto.CryptoKeyPair;
  names?: x509.JsonGeneralName[];
  notBefore?: Date;
  notAfter?: Date;
}

async function sign({ subject, issuer, of, by, names, notBefore, notAfter }: Signing): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `4a${randomBytes(15).toString('hex')}`,
    subject,
    issuer,
    notBefore: notBefore ?? new Date(Date.now() - 60 * 60 * 1000),
    notAfter: notAfter ?? new Date(Date.now() + 90 * dayMs),
    publicKey: of.publicKey,
    signingKey: by.privateKey,
    signingAlgorithm,
    extensions:
      names === undefined
        ? [new x509.BasicConstraintsExtension(true)]
        : [new x509.SubjectAlternativeNameExtension(names)],
  });
  return certificate.toString('pem');
}

async function makeKeys(keyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = createPrivateKey(keyPem);
  const [privateOne, publicOne] = await Promise.all([
    webcrypto.subtle.importKey(
      'pkcs8',
      privateKey.export({ type: 'pkcs8', format: 'der' }),
      signingAlgorithm,
      true,
      ['sign'],
    ),
    webcrypto.subtle.importKey(
      'spki',
      createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
      signingAlgorithm,
      true,
      ['verify'],
    ),
  ]);
  return { privateKey: privateOne, publicKey: publicOne };
}
