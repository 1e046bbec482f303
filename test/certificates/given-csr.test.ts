import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCsr } from '../../src/certificates/given-csr.ts';
import { openssl } from './openssl.ts';

let directory: string;
const inDirectory = (file: string) => join(directory, file);
const san = (value: string) => ['-subj', '/', '-addext', `subjectAltName=${value}`];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'acme-ledger-csr-'));
  for (const curve of ['prime256v1', 'secp256k1', 'secp521r1']) {
    openssl(['ecparam', '-name', curve, '-genkey', '-noout', '-out', inDirectory(`${curve}.pem`)]);
  }
  openssl(['genpkey', '-algorithm', 'ed25519', '-out', inDirectory('ed25519.pem')]);
  openssl(['genrsa', '-out', inDirectory('rsa1024.pem'), '1024']);
  openssl(['genrsa', '-out', inDirectory('rsa2048.pem'), '2048']);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A request in PEM by openssl. */
function request(key: string, args: string[]): string {
  const out = inDirectory(`${String(Math.random())}.csr`);
  openssl(['req', '-new', '-key', inDirectory(`${key}.pem`), '-out', out, ...args]);
  return out;
}

describe('readCsr', () => {
  it.each([
    [
      'names and addresses',
      'prime256v1',
      san('DNS:A.example.com,DNS:*.b.example.com,IP:192.0.2.1,IP:2001:db8::1'),
      ['a.example.com', '*.b.example.com', '192.0.2.1', '2001:db8::1'],
    ],
    ['a common name alone', 'rsa2048', ['-subj', '/CN=cn.example.com'], ['cn.example.com']],
    [
      'a common name among the others',
      'rsa2048',
      ['-subj', '/CN=a.example.com', '-addext', 'subjectAltName=DNS:a.example.com,DNS:b.example.com'],
      ['a.example.com', 'b.example.com'],
    ],
    [
      'a common name beside the others',
      'rsa2048',
      ['-subj', '/CN=c.example.com', '-addext', 'subjectAltName=DNS:b.example.com'],
      ['b.example.com', 'c.example.com'],
    ],
    [
      "a common name that isn't a domain",
      'rsa2048',
      ['-subj', '/O=Acme/CN=Acme Corp', '-addext', 'subjectAltName=DNS:b.example.com'],
      ['b.example.com'],
    ],
    ['a P-521 key', 'secp521r1', ['-subj', '/CN=cn.example.com'], ['cn.example.com']],
    [
      'must-staple',
      'prime256v1',
      [...san('DNS:a.example.com'), '-addext', 'tlsfeature=status_request'],
      ['a.example.com'],
    ],
  ])('reads %s', async (_case, key, args, expected) => {
    const csr = await readCsr(request(key, args));
    expect(csr.identifiers.map(({ value }) => value)).toEqual(expected);
  });

  it('reads DER as it reads PEM, and gives the same bytes', async () => {
    const pem = request('prime256v1', san('DNS:a.example.com'));
    const der = inDirectory('request.der');
    openssl(['req', '-in', pem, '-outform', 'DER', '-out', der]);
    expect((await readCsr(pem)).der).toEqual(readFileSync(der));
    expect((await readCsr(der)).der).toEqual(readFileSync(der));
  });

  it.each([
    ['a weak RSA key', 'rsa1024', ['-subj', '/CN=a.example.com'], '1024 bits'],
    ['a curve that no CA takes', 'secp256k1', ['-subj', '/CN=a.example.com'], 'secp256k1'],
    ['a key type that no CA takes', 'ed25519', ['-subj', '/CN=a.example.com'], 'ed25519'],
    ['SHA-1', 'rsa2048', ['-sha1', '-subj', '/CN=a.example.com'], 'SHA-1'],
    ['MD5', 'rsa2048', ['-md5', '-subj', '/CN=a.example.com'], 'which CAs refuse'],
    ['no name', 'prime256v1', ['-subj', '/O=Acme'], 'no names'],
    ['an e-mail address', 'prime256v1', san('email:a@example.com'), 'a@example.com'],
    ['a URL', 'prime256v1', san('URI:https://example.com/'), 'https://example.com/'],
    ['a bad domain', 'prime256v1', san('DNS:a-.example.com'), 'a-'],
    ['an address as a domain', 'prime256v1', san('DNS:192.0.2.1'), '192.0.2.1'],
  ])('refuses %s', async (_case, key, args, part) => {
    await expect(readCsr(request(key, args))).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining(part) as string,
    });
  });

  it('refuses a changed request: the signature is checked', async () => {
    const { der } = await readCsr(request('prime256v1', san('DNS:a.example.com')));
    const changed = Buffer.from(der.toString('latin1').replace('a.example.com', 'b.example.com'), 'latin1');
    await expect(readCsr(changed)).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining('signature') as string,
    });
  });

  it.each([
    ['cut short', (der: Buffer) => der.subarray(0, -5)],
    ['something behind it', (der: Buffer) => Buffer.concat([der, Buffer.from('x')])],
    ['an empty sequence', () => Buffer.from([0x30, 0])],
    ['prose', () => Buffer.from('no request')],
    ['nothing', () => Buffer.alloc(0)],
    ['a certificate', () => Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')],
    ['too much', () => Buffer.alloc(300 * 1024, 0x30)],
  ])("says that a file isn't a request: %s", async (_case, damage) => {
    const { der } = await readCsr(request('prime256v1', san('DNS:a.example.com')));
    await expect(readCsr(damage(der))).rejects.toMatchObject({ code: 'bad-file' });
    const file = inDirectory('damaged.csr');
    writeFileSync(file, damage(der));
    await expect(readCsr(file)).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining(file) as string,
    });
  });

  it('refuses two requests in one file', async () => {
    const pem = readFileSync(request('prime256v1', san('DNS:a.example.com')));
    await expect(readCsr(Buffer.concat([pem, pem]))).rejects.toMatchObject({ code: 'bad-file' });
  });

  it.each(['/nonexistent/request.csr', '/dev/zero', '/tmp'])('refuses %s', async (path) => {
    await expect(readCsr(path)).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining(path) as string,
    });
  });
});
