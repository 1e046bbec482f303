import { createPrivateKey, createPublicKey, generateKeyPair, KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { AcmeLedgerError } from '../errors.ts';

/** The keys that the CAs of the public web accept (CA/Browser Forum BR §6.1.5), as `--key-type` names them. */
export const keyTypes = ['ec256', 'ec384', 'rsa2048', 'rsa3072', 'rsa4096'] as const;
export type KeyType = (typeof keyTypes)[number];

const generate = promisify(generateKeyPair);

/** A new private key, made on a thread of its own: RSA 4096 takes seconds. */
export async function generateKey(type: KeyType): Promise<KeyObject> {
  return (await generatePair(type)).privateKey;
}

/** A private key as PKCS#8 PEM. */
export function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * The type of a private or public key, or of the key inside a PEM; null for keys that aren't among the five.
 * @throws AcmeLedgerError `bad-file` when the PEM holds no key
 */
export function keyTypeOf(key: string | KeyObject): KeyType | null {
  const { asymmetricKeyType, asymmetricKeyDetails } = key instanceof KeyObject ? key : publicKeyOf(key);
  if (asymmetricKeyType === 'ec') return curveTypes[asymmetricKeyDetails?.namedCurve ?? ''] ?? null;
  if (asymmetricKeyType === 'rsa') return rsaTypes[asymmetricKeyDetails?.modulusLength ?? 0] ?? null;
  return null;
}

/** The public half of a private key. @throws AcmeLedgerError `bad-file` when the PEM holds no private key */
export function publicKeyOf(key: string | KeyObject): KeyObject {
  return createPublicKey(typeof key === 'string' ? privateKeyOf(key) : key);
}

/** A private key in PEM, read. @throws AcmeLedgerError `bad-file` when the PEM holds no private key */
export function privateKeyOf(keyPem: string): KeyObject {
  try {
    return createPrivateKey(keyPem);
  } catch (cause) {
    // The cause's text names OpenSSL's routines, never the key.
    throw new AcmeLedgerError('bad-file', "the private key is damaged or isn't PEM", {
      hint: 'acme-ledger reads unencrypted PKCS#8, PKCS#1 and SEC1 keys in PEM',
      cause,
    });
  }
}

/** Whether both are the same public key. */
export function isSameKey(one: KeyObject, other: KeyObject): boolean {
  return one.asymmetricKeyType === other.asymmetricKeyType && one.equals(other);
}

const curveTypes: Record<string, KeyType> = { prime256v1: 'ec256', secp384r1: 'ec384' };
const rsaTypes: Record<number, KeyType> = { 2048: 'rsa2048', 3072: 'rsa3072', 4096: 'rsa4096' };

function generatePair(type: KeyType): Promise<{ privateKey: KeyObject }> {
  switch (type) {
    case 'ec256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'ec384':
      return generate('ec', { namedCurve: 'P-384' });
    case 'rsa2048':
      return generate('rsa', { modulusLength: 2048 });
    case 'rsa3072':
      return generate('rsa', { modulusLength: 3072 });
    case 'rsa4096':
      return generate('rsa', { modulusLength: 4096 });
  }
}
