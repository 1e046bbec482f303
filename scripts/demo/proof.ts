import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Stage } from './stage.ts';

/**
 * Looks at a stored certificate without the program, and says what was seen.
 * @throws Error when it isn't for exactly these names, its key is another's, or its chain doesn't lead to the CA's root
 */
export async function proveCertificate(stage: Stage, name: string, names: string[]): Promise<string> {
  const read = (file: string): Promise<string> =>
    readFile(path.join(stage.directory, 'state/certificates', name, file), 'utf8');
  const chain = certificatesIn(await read('fullchain.pem'));
  const [leaf] = chain;
  if (leaf === undefined) throw new Error('not as promised: a certificate is in fullchain.pem');
  const found = namesOf(leaf);
  if (found.join() !== [...names].sort().join())
    throw new Error(`not as promised: it is for ${found.join()}`);
  if (!leaf.checkPrivateKey(createPrivateKey(await read('privkey.pem'))))
    throw new Error('not as promised: privkey.pem is its key');
  const upToRoot = [...chain, new X509Certificate(await stage.pebble.root())];
  if (!leadsToItsEnd(upToRoot)) throw new Error("not as promised: its chain leads to Pebble's root");
  return `node:crypto finds in it: ${found.join(' and ')}; the key beside it fits, and the chain leads to Pebble's root.`;
}

function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName
    .split(', ')
    .map((entry) => entry.replace(/^DNS:/, ''))
    .sort();
}

function leadsToItsEnd(certificates: X509Certificate[]): boolean {
  return certificates.every((certificate, index) => {
    const issuer = certificates[index + 1] ?? certificate;
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  });
}
