import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { derValues } from '../../src/certificates/der.ts';
import { generateKey, pemOf } from '../../src/certificates/key.ts';
import { renewalIdentifier, renewalIdentifierOf } from '../../src/certificates/renewal-identifier.ts';
import { storeCertificate } from '../../src/certificates/store.ts';
import { makeAuthority } from './authority.ts';
import { makeScratchDirectory } from './scratch-directory.ts';

// RFC 9773, appendix A.
const example = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;

test("the RFC's example has the RFC's identifier, the serial number's leading zero included", () => {
  expect(renewalIdentifier(new X509Certificate(example))).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
});

test('of a stored certificate it is told as long as that is the one that is meant', async () => {
  const stateDir = await makeScratchDirectory();
  await storeCertificate(stateDir, 'one.test', { chainPem: example, keyPem: null });
  const ofSerial = (serial: string | null) => renewalIdentifierOf(stateDir, { name: 'one.test', serial });
  expect(await ofSerial('87654321')).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  expect(await ofSerial('87654322')).toBeNull();
  expect(await ofSerial(null)).toBeNull();
});

test('a certificate that does not say by which key it was signed has none', async () => {
  const authority = await makeAuthority('Root', 'Intermediate');
  const chain = await authority.issue({ names: ['one.test'], keyPem: pemOf(await generateKey('ec256')) });
  expect(renewalIdentifier(new X509Certificate(chain))).toBeNull();
});

test('DER that was cut or changed is read as far as it makes sense', () => {
  const der = Buffer.from(example.replace(/-----.*-----|\n/g, ''), 'base64');
  expect(derValues(derValues(der)[0]?.content)).toHaveLength(3);
  expect(derValues(der.subarray(0, -1))).toEqual([]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const length = derValues(Buffer.from(bytes)).reduce((sum, { content }) => sum + content.length + 2, 0);
      expect(length).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
