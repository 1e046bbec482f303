import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { privateKeyFrom, privateKeyOf } from '../../src/clients/account-key-formats.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
const publicOf = (keyPem: string): string =>
  createPublicKey(createPrivateKey(keyPem)).export({ type: 'spki', format: 'pem' }).toString();

/** As win-acme writes numbers. */
function net(key: KeyObject, names: Record<string, string>): Record<string, string> {
  const jwk = key.export({ format: 'jwk' }) as Record<string, string>;
  return Object.fromEntries(
    Object.entries(names).map(([name, member]) => [
      name,
      base64(Buffer.from(jwk[member] ?? '', 'base64url')),
    ]),
  );
}

const rsaNames = { Modulus: 'n', Exponent: 'e', P: 'p', Q: 'q', DP: 'dp', DQ: 'dq', InverseQ: 'qi', D: 'd' };
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'letsencrypt-account', labels: { a: 'b' } },
  data: { 'tls.key': base64(rsa.export({ type: 'pkcs1', format: 'pem' }).toString()) },
};
const certificateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const traefik = {
  letsencrypt: {
    Account: {
      Email: 'a@b.test',
      Registration: { uri: 'https://ca.test/acme/acct/1' },
      PrivateKey: base64(rsa.export({ type: 'pkcs1', format: 'der' })),
      KeyType: '4096',
    },
    Certificates: [{ domain: { main: 'a.test' }, certificate: 'LS0t', key: base64(pem(certificateKey)) }],
  },
};

describe('the account key', () => {
  it.each<[string, KeyObject, string]>([
    ['in PEM on one line', ec, pem(ec).trim().replaceAll('\n', ' ')],
    ['in PEM without any line break', ec, pem(ec).replaceAll('\n', '')],
    ['in PEM with \\n written out', ec, `KEY="${pem(ec).replaceAll('\n', '\\n')}"`],
    ['in PEM with \\\\r\\\\n written out', rsa, pem(rsa).replaceAll('\n', '\\\\r\\\\n')],
    ['in PEM that is indented', rsa, `key: |\n${pem(rsa).replaceAll(/^/gm, '    ')}`],
    ['in PEM as base64', ec, base64(pem(ec))],
    ["in Traefik's acme.json", rsa, JSON.stringify(traefik, null, 2)],
    ["in Traefik's acme.json of version 1", rsa, JSON.stringify(traefik.letsencrypt)],
    [
      "in win-acme's signer for EC",
      ec,
      JSON.stringify({
        KeyType: 'ES256',
        KeyExport: JSON.stringify({ HashSize: 256, ...net(ec, { D: 'd', X: 'x', Y: 'y' }) }),
      }),
    ],
    [
      "in win-acme's signer for RSA",
      rsa,
      JSON.stringify({ KeyType: 'RS256', KeyExport: JSON.stringify(net(rsa, rsaNames)) }),
    ],
    [
      "in win-acme's signer for RSA as XML",
      rsa,
      JSON.stringify({
        KeyType: 'RS256',
        KeyExport: `<RSAKeyValue>${Object.entries(net(rsa, rsaNames))
          .map(([name, value]) => `<${name}>${value}</${name}>`)
          .join('')}</RSAKeyValue>`,
      }),
    ],
    ['in a Secret of Kubernetes in JSON', rsa, JSON.stringify(secret)],
    ['in a list of Secrets', rsa, JSON.stringify({ kind: 'List', items: [secret] })],
    [
      'in a Secret of Kubernetes in YAML',
      rsa,
      `apiVersion: v1\ndata:\n  tls.key: ${secret.data['tls.key']}\nkind: Secret\n`,
    ],
    [
      'in a Secret with plain data',
      ec,
      `---\nkind: Secret\nstringData:\n  tls.key: |\n${pem(ec).replaceAll(/^/gm, '    ')}`,
    ],
  ])('%s is read', (_what, key, text) => {
    expect(publicOf(privateKeyFrom(text))).toBe(publicOf(pem(key)));
  });

  it.each<[string, KeyObject, Buffer]>([
    ['PKCS#8', ec, ec.export({ type: 'pkcs8', format: 'der' })],
    ['SEC1', ec, ec.export({ type: 'sec1', format: 'der' })],
    ['PKCS#1', rsa, rsa.export({ type: 'pkcs1', format: 'der' })],
    ['PKCS#8 of RSA', rsa, rsa.export({ type: 'pkcs8', format: 'der' })],
    ['text', ec, Buffer.from(pem(ec))],
  ])('is read as DER: %s', (_what, key, bytes) => {
    expect(publicOf(privateKeyOf(bytes))).toBe(publicOf(pem(key)));
  });

  it.each([
    [
      'two accounts of Traefik',
      JSON.stringify({
        a: traefik.letsencrypt,
        b: { Account: { PrivateKey: base64(ec.export({ type: 'sec1', format: 'der' })) } },
      }),
      /more than one/,
    ],
    [
      'a Secret without a key',
      JSON.stringify({ kind: 'Secret', data: { password: 'aGk=' } }),
      /without a key/,
    ],
    [
      'a signer that Windows has encrypted',
      JSON.stringify({ KeyType: 'ES256', KeyExport: 'enc-AQAAANCMnd8BFdERjHoAwE' }),
      /without a key/,
    ],
    ['YAML that is damaged', 'kind: Secret\ndata: {tls.key: [\n', /without a key|YAML|private key/],
  ])('is refused of %s, and nothing of it is told', (_what, text, message) => {
    expect(() => privateKeyFrom(text)).toThrow(message);
  });
});
