import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCsr } from '../../src/certificates/csr.ts';
import { readCsr } from '../../src/certificates/given-csr.ts';
import { generateKey, isSameKey, keyTypes, publicKeyOf } from '../../src/certificates/key.ts';
import { parseNames } from '../../src/identifiers.ts';
import { openssl } from './openssl.ts';

const names = ['*.example.com', 'example.com', '192.0.2.1', '2001:db8::1'];

describe('createCsr', () => {
  it.each(keyTypes)('makes a request with a %s key that openssl verifies', async (type) => {
    const der = await createCsr(parseNames(names), await generateKey(type));
    const text = openssl(['req', '-inform', 'DER', '-verify', '-noout', '-text'], der);
    expect(text).toContain(
      'DNS:*.example.com, DNS:example.com, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1',
    );
    expect(text).toMatch(/Subject:\s*\n/);
  });

  it('is read back with its names in their order and its key', async () => {
    const key = await generateKey('ec384');
    const all = parseNames([...names, '2001:db8:1:2:3:4:5:6', '2001:db8::', '::ffff:1:0']);
    const csr = await readCsr(await createCsr(all, key));
    expect(csr.identifiers).toEqual(all);
    expect(isSameKey(csr.publicKey, publicKeyOf(key))).toBe(true);
  });

  it('takes a hundred of the longest names', async () => {
    const long = Array.from(
      { length: 100 },
      (_, index) => `${`${'a'.repeat(60)}.`.repeat(3)}n${String(index)}.example.com`,
    );
    const csr = await readCsr(await createCsr(parseNames(long), await generateKey('ec256')));
    expect(csr.identifiers).toHaveLength(100);
  });

  it('refuses a reused key that no CA certifies', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    await expect(createCsr(parseNames(['example.com']), key)).rejects.toMatchObject({ code: 'bad-file' });
  });
});
