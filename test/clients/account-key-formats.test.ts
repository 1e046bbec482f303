import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privateKeyFrom } from '../../src/clients/account-key-formats.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import { openssl } from '../support/openssl.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-keys-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** What openssl wrote, and the public key that it makes of it. */
async function made(...args: string[]): Promise<{ text: string; publicPem: string }> {
  const file = path.join(directory, 'key');
  const result = await openssl(...args, '-out', file);
  expect(result.stderr.includes('rror')).toBe(false);
  const { stdout } = await openssl('pkey', '-in', file, '-pubout');
  return { text: await readFile(file, 'utf8'), publicPem: stdout };
}

function publicOf(pem: string): string {
  return createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
}

function jwkOf(key: KeyObject): Record<string, unknown> {
  return { ...key.export({ format: 'jwk' }) };
}

describe('privateKeyFrom', () => {
  it.each([
    {
      what: 'PKCS#8 of a P-256 key',
      label: 'BEGIN PRIVATE KEY',
      args: ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    },
    {
      what: 'PKCS#1',
      label: 'BEGIN RSA PRIVATE KEY',
      args: ['genrsa', '-traditional'],
    },
    {
      what: 'SEC1',
      label: 'BEGIN EC PRIVATE KEY',
      args: ['ecparam', '-genkey', '-noout', '-name', 'secp384r1'],
    },
    {
      what: 'SEC1 behind its parameters, as acme.sh has it',
      label: 'BEGIN EC PARAMETERS',
      args: ['ecparam', '-genkey', '-name', 'prime256v1'],
    },
  ])('reads $what', async ({ label, args }) => {
    const { text, publicPem } = await made(...args);
    expect(text).toContain(label);
    const pem = privateKeyFrom(text);
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(publicOf(pem)).toBe(publicPem);
    expect(publicOf(privateKeyFrom(`\ufeff${text.replaceAll('\n', '\r\n')}`))).toBe(publicPem);
  });

  it("reads an Ed25519 key under certmagic's own label", async () => {
    const { text, publicPem } = await made('genpkey', '-algorithm', 'ED25519');
    const mislabelled = text.replaceAll('PRIVATE KEY', 'ED25519 PRIVATE KEY');
    expect(publicOf(privateKeyFrom(mislabelled))).toBe(publicPem);
  });

  it.each([
    { what: 'RSA', key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey },
    { what: 'EC', key: generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey },
  ])('reads a JWK ($what), alone or as the member key of an account', ({ key }) => {
    const pem = key.export({ type: 'pkcs8', format: 'pem' });
    expect(privateKeyFrom(JSON.stringify(jwkOf(key)))).toBe(pem);
    expect(privateKeyFrom(`\n${JSON.stringify({ id: 'x', key: jwkOf(key) })}`)).toBe(pem);
  });

  it('says what is wrong, and never quotes what it read', async () => {
    const { text: pem } = await made('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256');
    const { stdout: encrypted } = await openssl('genrsa', '-aes128', '-passout', 'pass:1234', '-traditional');
    const jwk = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    const secret = String(jwk['d']);
    for (const [text, fault] of [
      ['', /no private key, neither PEM nor JWK/],
      ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /no private key, but a CERTIFICATE/],
      [pem + pem, /more than one private key/],
      [pem.replace(/\n[^]{20}/, '\nAAAA'), /damaged/],
      [encrypted, /passphrase/],
      [JSON.stringify({ ...jwk, d: undefined }), /public key only/],
      [JSON.stringify({ kty: 'oct', k: secret }), /shared secret/],
      [JSON.stringify({ ...jwk, crv: 'P-999' }), /unknown kind/],
      [JSON.stringify({ email: 'a@b.test' }), /without a key/],
      [`{"d":"${secret}"`, /can't be read/],
    ] as const) {
      const error = thrownBy(() => privateKeyFrom(text, 'FILE'));
      expect(error).toMatchObject({ code: 'bad-file', message: expect.stringMatching(fault) as unknown });
      expect(error.message).toMatch(/^FILE /);
      expect(error.hint).not.toBeUndefined();
      expect(error.message + (error.hint ?? '')).not.toContain(secret);
    }
  });
});

it('makes a PKCS#8 key of any text, or an error of ours', () => {
  const { d, ...jwk } = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const pem = (label: string, body: string): string =>
    `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
  const labels = fc.constantFrom('PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ED25519 PRIVATE KEY');
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.tuple(labels, fc.base64String()).map(([label, body]) => pem(label, body)),
    fc
      .record({ d: fc.constantFrom(d, '', 1, null), x: fc.constantFrom(jwk['x'], 'AA', {}) })
      .map((changed) => JSON.stringify({ ...jwk, ...changed })),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        expect(privateKeyFrom(text)).toMatch(/^-----BEGIN PRIVATE KEY-----/);
      } catch (error) {
        expect(error).toBeInstanceOf(AcmeLedgerError);
      }
    }),
    { numRuns: 300 },
  );
});

function thrownBy(act: () => unknown): AcmeLedgerError {
  try {
    act();
  } catch (error) {
    if (error instanceof AcmeLedgerError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
