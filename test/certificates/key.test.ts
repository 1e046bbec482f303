import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  generateKey,
  isSameKey,
  keyTypeOf,
  keyTypes,
  publicKeyOf,
  pemOf,
} from '../../src/certificates/key.ts';

describe('generateKey', () => {
  it.each(keyTypes)('makes a %s key as PKCS#8 PEM, and keyTypeOf knows it again', async (type) => {
    const pem = pemOf(await generateKey(type));
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(keyTypeOf(pem)).toBe(type);
    expect(keyTypeOf(publicKeyOf(pem))).toBe(type);
  });
});

describe('keyTypeOf', () => {
  it('is null for keys that no CA certifies', () => {
    expect(keyTypeOf(generateKeyPairSync('ed25519').publicKey)).toBeNull();
    expect(keyTypeOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)).toBeNull();
    expect(keyTypeOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)).toBeNull();
  });
});

describe('publicKeyOf', () => {
  it("refuses what isn't a private key without repeating it", async () => {
    const secret = 'MC4CAQAwBQYDK2VwBCIEIHNlY3JldA==';
    expect(() => publicKeyOf(`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`)).toThrow(
      expect.objectContaining({ code: 'bad-file', message: expect.not.stringContaining(secret) as string }),
    );
  });
});

describe('isSameKey', () => {
  it('compares keys of one type and of two', async () => {
    const [ec, other, rsa] = await Promise.all([
      generateKey('ec256'),
      generateKey('ec256'),
      generateKey('rsa2048'),
    ]);
    expect(isSameKey(publicKeyOf(ec), createPublicKey(createPrivateKey(pemOf(ec))))).toBe(true);
    expect(isSameKey(publicKeyOf(ec), publicKeyOf(other))).toBe(false);
    expect(isSameKey(publicKeyOf(ec), publicKeyOf(rsa))).toBe(false);
  });
});
