import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { openssl } from '../../support/openssl.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { type AcmeProxy, startProxy } from '../../support/proxy.ts';

let lab: PebbleLab;
let proxy: AcmeProxy;
let here: Installation;

beforeAll(async () => {
  lab = await startPebble();
  proxy = await startProxy({ directoryUrl: lab.directoryUrl });
  here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
});

afterAll(async () => {
  await proxy.stop();
  await lab.stop();
  await here.remove();
});

const name = 'forbidden.test';

function file(kind: 'cert' | 'privkey'): Promise<string> {
  return readFile(path.join(here.certificate(name), `${kind}.pem`), 'utf8');
}

/** The public key, DER, of a certificate request. */
async function publicKeyOf(csr: string): Promise<string> {
  const { stdout } = await openssl('req', '-noout', '-pubkey', '-in', csr);
  return createPublicKey(stdout).export({ type: 'spki', format: 'der' }).toString('base64');
}

async function forbid(publicKey: string): Promise<void> {
  const csrFile = here.file('asked.csr.pem');
  proxy.setFault(async ({ kind, payload }) => {
    if (kind !== 'finalize') return undefined;
    const csr = Buffer.from((payload as { csr: string }).csr, 'base64url').toString('base64');
    await writeFile(
      csrFile,
      `-----BEGIN CERTIFICATE REQUEST-----\n${csr.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`,
    );
    if ((await publicKeyOf(csrFile)) !== publicKey) return undefined;
    return {
      type: 'answer',
      status: 400,
      headers: { 'content-type': 'application/problem+json' },
      body: JSON.stringify({
        type: 'urn:ietf:params:acme:error:badCSR',
        detail: 'Error finalizing order :: invalid public key in CSR: public key is forbidden',
        status: 400,
      }),
    };
  });
}

it('a key that the CA forbids, as one that was reported as compromised, gives way to a new one, and is told', async () => {
  const issue = (...options: string[]) =>
    here.run([
      'issue',
      name,
      '--solver',
      'standalone',
      '--listen',
      `127.0.0.1:${lab.httpPort}`,
      '--reuse-key',
      ...options,
    ]);
  expect(await issue()).toMatchObject({ exitCode: 0, stderr: '' });
  const [before, certificate] = [await file('privkey'), await file('cert')];
  const { publicKey } = new X509Certificate(certificate);
  await forbid(publicKey.export({ type: 'spki', format: 'der' }).toString('base64'));
  const result = await issue('--force');
  expect(result.exitCode).toBe(0);
  expect(result.stderr).toMatch(
    /forbidden\.test: the CA forbids its key .*public key is forbidden.*a new one is made/,
  );
  expect(await file('privkey')).not.toBe(before);
  expect(
    new X509Certificate(await file('cert')).checkPrivateKey(createPrivateKey(await file('privkey'))),
  ).toBe(true);
  // One order: what was proven for it wasn't thrown away.
  expect(here.rows('select id from orders')).toHaveLength(2);
  // From here on the new key is the one that is kept.
  const kept = await file('privkey');
  expect(await issue('--force')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await file('privkey')).toBe(kept);
});
