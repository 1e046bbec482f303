import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { faultsOf } from '../../support/openssl.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { type AcmeProxy, startProxy } from '../../support/proxy.ts';
import { type WebrootServer, serveWebroot } from '../../support/webroot-server.ts';

let lab: PebbleLab;
let here: Installation;
let webServer: WebrootServer;

beforeEach(async () => {
  here = await newInstallation(lab);
  webServer = await serveWebroot(here.webroot, lab.httpPort);
});

afterEach(async () => {
  await webServer.stop();
  await here.remove();
});

function namesFor(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${String(index)}-of-${String(count)}.test`);
}

describe('with 15 % of the nonces rejected', () => {
  beforeAll(async () => {
    lab = await startPebble();
  });

  afterAll(async () => {
    await lab.stop();
  });

  it.each([1, 2, 25, 100])(
    '%i names come into one certificate, and nothing is said on stderr',
    async (count) => {
      const names = namesFor(count);
      const result = await here.run(['issue', ...names, '--webroot', here.webroot]);
      // Not even a warning of Node's, as about too many listeners.
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      const directory = here.certificate(names[0]!);
      expect(await faultsOf({ directory, names, rootPem: await lab.root() })).toEqual([]);
      const [{ valid, orders } = { valid: 0, orders: 0 }] = here.rows<{ valid: number; orders: number }>(
        `select count(*) valid, (select count(*) from orders) orders from authorizations
         where status = 'valid' and challenge = 'submitted'`,
      );
      expect({ valid, orders }).toEqual({ valid: count, orders: 1 });
    },
    60_000,
  );
});

describe('where the account and the directory are known', () => {
  let proxy: AcmeProxy;

  beforeAll(async () => {
    lab = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } });
  });

  afterAll(async () => {
    await lab.stop();
  });

  beforeEach(async () => {
    proxy = await startProxy({ directoryUrl: lab.directoryUrl });
    await here.remove();
    here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
    await webServer.stop();
    webServer = await serveWebroot(here.webroot, lab.httpPort);
    expect(await here.run(['issue', 'first.test', '--webroot', here.webroot])).toMatchObject({ exitCode: 0 });
    proxy.resetCounts();
  });

  afterEach(async () => {
    await proxy.stop();
  });

  it.each([
    { count: 1, requests: 8 },
    { count: 10, requests: 2 * 10 + 8 },
  ])('$count names take at most $requests requests beside the nonces', async ({ count, requests }) => {
    const result = await here.run(['issue', ...namesFor(count), '--webroot', here.webroot]);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const { newNonce, directory, newAccount, newOrder } = proxy.counts;
    expect(newNonce).toBeLessThanOrEqual(Math.min(count, 10));
    expect({ directory, newAccount, newOrder }).toEqual({ directory: 0, newAccount: 0, newOrder: 1 });
    expect(proxy.requests.length - newNonce).toBeLessThanOrEqual(requests);
    expect(proxy.census.open()).toEqual([]);
  });
});
