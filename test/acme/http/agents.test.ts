import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { throwawayTls } from '../../support/throwaway-tls.ts';

const transportFile = new URL('../../../src/acme/http/transport.ts', import.meta.url).href;

// A process of its own: node reads NODE_EXTRA_CA_CERTS at its start.
test('a root of its own leaves those of NODE_EXTRA_CA_CERTS trusted', async () => {
  const { caPem, certificatePem, privateKeyPem } = await throwawayTls();
  const folder = await mkdtemp(path.join(tmpdir(), 'acme-ledger-trust-'));
  const server = createServer({ cert: certificatePem, key: privateKeyPem }, (_, response) =>
    response.end('trusted'),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    await writeFile(path.join(folder, 'extra.pem'), caPem);
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const caOption = JSON.stringify(rootCertificates[0]);
    const code = `const { createTransport } = await import(${JSON.stringify(transportFile)});
      const transport = createTransport({ userAgent: 'x', caPem: ${caOption} });
      const ask = () => transport.send({ method: 'POST', url: '${url}', body: '{}' });
      const answers = [...(await Promise.all([ask(), ask(), ask()])), await ask()];
      process.stdout.write(answers.map(({ body }) => body).join(' '));
      transport.close();`;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: path.join(folder, 'extra.pem') };
    const args = ['--import', 'tsx', '--input-type=module', '-e', code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 20_000 });
    expect(stdout).toBe('trusted trusted trusted trusted');
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
