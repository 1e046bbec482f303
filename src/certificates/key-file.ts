import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import { badFile, readSecretFile } from '../system/given-file.ts';
import { createPrivateKey } from 'node:crypto';

const maxBytes = 64 * 1024; // an RSA 16384 key in PEM has 12 KiB

/**
 * Reads a person's private key file (PEM: PKCS#8, PKCS#1 or SEC1) and gives it as PKCS#8 PEM.
 * @throws AcmeLedgerError `bad-file` when others may read it, it's protected by a passphrase or holds no private key
 */
export async function readKeyFile(path: string): Promise<string> {
  const text = (await readSecretFile({ path, what: 'the key file', maxBytes })).toString('latin1');
  if (/ENCRYPTED/.test(text)) {
    throw badFile(
      `the key file ${printable(path)} is protected by a passphrase`,
      'openssl pkey -in FILE -out PLAIN-FILE writes it without one',
    );
  }
  try {
    return createPrivateKey(text).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch (cause) {
    throw new AcmeLedgerError('bad-file', `the key file ${printable(path)} holds no private key in PEM`, {
      hint: 'acme-ledger reads PKCS#8, PKCS#1 and SEC1 keys in PEM',
      cause,
    });
  }
}
