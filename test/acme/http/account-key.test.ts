import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  generateAccountKey,
  keyAuthorization,
  parseAccountKey,
  thumbprint,
} from '../../../src/acme/http/account-key.ts';

test('the thumbprint is that of the example in RFC 7638 §3.1', () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
  expect(thumbprint(key)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  expect(keyAuthorization('token', key)).toBe('token.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
});

test('a new key is a P-256 key that can be read back', () => {
  expect(parseAccountKey(generateAccountKey()).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
});

test('PKCS#8, PKCS#1 and SEC1 are read', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  for (const pem of [
    rsa.export({ type: 'pkcs1', format: 'pem' }),
    rsa.export({ type: 'pkcs8', format: 'pem' }),
    ec.export({ type: 'sec1', format: 'pem' }),
  ]) {
    expect(parseAccountKey(pem.toString()).type).toBe('private');
  }
});

test.for<[string, () => string | Buffer]>([
  ['nothing', () => ''],
  ['a public key', () => createPublicKey(generateAccountKey()).export({ type: 'spki', format: 'pem' })],
  [
    'a short RSA key',
    () =>
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  ],
  [
    'an Ed25519 key',
    () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
  ],
  [
    'another curve',
    () =>
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }),
  ],
])('%s is a bad file', ([, pem]) => {
  expect(() => parseAccountKey(pem().toString())).toThrow(
    expect.objectContaining({ code: 'bad-file' }) as Error,
  );
});
