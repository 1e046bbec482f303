import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asError, messageOf } from '../errors.ts';
import { factsOf } from './certificate.ts';
import { failedWith } from '../system/durable-file.ts';
import { type KeyType, keyTypeOf, publicKeyOf } from './key.ts';
import { assertStoreName } from './store-name.ts';

/** The state of the files under a certificate's name. */
export type StoredState =
  | { state: 'missing' }
  /** The files can't be read; `reason` is for a person. */
  | { state: 'unreadable'; reason: string }
  /** `keyFits`: whether the key belongs to the certificate; null when there is no key. */
  | {
      state: 'there';
      serial: string;
      names: string[];
      /** Null for a key that isn't among the five. */
      keyType: KeyType | null;
      /** The public key in DER, as a CSR for the same key holds it. */
      publicKey: Buffer;
      keyFits: boolean | null;
    };

/** Looks at the files of a certificate, as little as it takes to tell which one it is. @throws AcmeLedgerError `bad-name` */
export async function storedState(stateDir: string, name: string): Promise<StoredState> {
  assertStoreName(name);
  const directory = join(stateDir, 'certificates', name);
  const pem = await contentOf(join(directory, 'fullchain.pem'));
  if (pem === null) return { state: 'missing' };
  const key = await contentOf(join(directory, 'privkey.pem'));
  try {
    if (pem instanceof Error) throw pem;
    if (key instanceof Error) throw key;
    const certificate = new X509Certificate(pem);
    const { serial, names, publicKey } = factsOf(certificate);
    return {
      state: 'there',
      serial,
      names,
      keyType: keyTypeOf(publicKey),
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
      keyFits: key === null ? null : certificate.publicKey.equals(publicKeyOf(key)),
    };
  } catch (error) {
    return { state: 'unreadable', reason: messageOf(error) };
  }
}

/** The content of a file; null when there is none. */
async function contentOf(path: string): Promise<string | Error | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return null;
    return asError(error);
  }
}
