import { X509Certificate, createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { randomNumbers } from '../support/misbehaviour/random-faults.ts';

/** What one order is for. */
export interface Site {
  /** Of the certificate: its first name. */
  name: string;
  names: string[];
  /** One of the names that can't be proven, so that there can be no certificate. */
  deadName?: string;
}

const deadEvery = 20;

/** Sites of one to three names; every twentieth, from the fifth on, has a name that is dead. */
export function sitesOf(count: number, seed: number): Site[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, (_, index) => {
    const name = `s${index}.test`;
    const names = [name, `www.${name}`, `shop.${name}`].slice(0, 1 + Math.floor(random() * 3));
    if (index % deadEvery !== 4) return { name, names };
    const deadName = `dead.${name}`;
    return { name, names: [...names.slice(0, 2), deadName], deadName };
  });
}

/** Whether a certificate for exactly these names is stored, with its key. */
export function hasCertificate(stateDir: string, { name, names }: Site): boolean {
  const directory = path.join(stateDir, 'certificates', name);
  const [cert, key] = [path.join(directory, 'cert.pem'), path.join(directory, 'privkey.pem')];
  if (!existsSync(cert) || !existsSync(key)) return false;
  const certificate = new X509Certificate(readFileSync(cert));
  const certified = (certificate.subjectAltName ?? '').split(', ').map((entry) => entry.replace('DNS:', ''));
  return (
    certified.sort().join() === names.toSorted().join() &&
    certificate.checkPrivateKey(createPrivateKey(readFileSync(key)))
  );
}
