import { beforeAll, expect, test } from 'vitest';
import { parseChain } from '../../../src/acme/objects/certificate-chain.ts';
import { throwawayTls, type ThrowawayTls } from '../../support/throwaway-tls.ts';

let tls: ThrowawayTls;

beforeAll(async () => {
  tls = await throwawayTls();
});

test('a chain is written one way, whatever line ends and blanks it came with', () => {
  const plain = parseChain(`${tls.certificatePem}\n${tls.caPem}`);
  const odd = `\r\n${tls.certificatePem.replaceAll('\n', '\r\n')}\r\n\r\n${tls.caPem}\r\n \n`;
  expect(parseChain(odd)).toBe(plain);
  expect(plain.match(/-----BEGIN CERTIFICATE-----\n/g)).toHaveLength(2);
  expect(plain).toMatch(/^-----BEGIN[^\r]*-----END CERTIFICATE-----\n$/);
});

test.for<[string, () => unknown]>([
  ['nothing', () => ''],
  ['JSON', () => ({ certificate: 'x' })],
  ['a page', () => '<html>'],
  ['text between the certificates', () => `${tls.certificatePem}\nsubject=/CN=x\n${tls.caPem}`],
  ['a private key in it', () => `${tls.certificatePem}\n${tls.privateKeyPem}`],
  ['a certificate cut off', () => `${tls.certificatePem.slice(0, 300)}\n-----END CERTIFICATE-----\n`],
])('%s is no chain', ([, data]) => {
  expect(() => parseChain(data())).toThrow(expect.objectContaining({ code: 'ca-answer' }) as Error);
});
