import { existsSync } from 'node:fs';
import { readFile, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { created } from '../../support/created.ts';
import { type Installation, jsonLines, newInstallation } from '../../support/installation.ts';
import { faultsOf } from '../../support/openssl.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type ProxiedCa, startProxiedCa } from '../../support/stage.ts';
import { type WebrootServer, serveWebroot } from '../../support/webroot-server.ts';

let ca: ProxiedCa;
let lab: ProxiedCa['lab'];
let proxy: ProxiedCa['proxy'];
let here: Installation;
let webServer: WebrootServer;

beforeAll(async () => {
  ca = await startProxiedCa();
  ({ lab, proxy } = ca);
});

afterAll(() => ca.stop());

beforeEach(async () => {
  here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
  webServer = await serveWebroot(here.webroot, lab.httpPort);
});

afterEach(async () => {
  await webServer.stop();
  await here.remove();
});

async function issue(...args: string[]): Promise<ProgramResult> {
  proxy.resetCounts();
  return await here.run(['issue', '--webroot', here.webroot, ...args]);
}

async function serialOf(name: string): Promise<string> {
  return await readFile(path.join(here.certificate(name), 'cert.pem'), 'utf8');
}

describe('a certificate that stands', () => {
  beforeEach(async () => {
    expect(await issue('one.test', 'two.test')).toMatchObject({ exitCode: 0 });
  });

  it('is not ordered again: the program says that it stands', async () => {
    const before = await serialOf('one.test');
    const result = await issue('one.test', 'two.test');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toContain('stands');
    expect(proxy.counts.newOrder).toBe(0);
    expect(await serialOf('one.test')).toBe(before);
    expect(here.rows('select id from orders')).toHaveLength(1);
  });

  it('is not ordered again when its names come in another order', async () => {
    const result = await issue('two.test', 'one.test', '--cert-name', 'one.test');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(proxy.counts.newOrder).toBe(0);
  });

  it('is replaced as a whole with --force', async () => {
    const [before, directoryBefore] = [
      await serialOf('one.test'),
      await realpath(here.certificate('one.test')),
    ];
    expect(await issue('one.test', 'two.test', '--force')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(created(proxy, 'newOrder')).toBe(1);
    expect(await serialOf('one.test')).not.toBe(before);
    const directory = here.certificate('one.test');
    expect(await faultsOf({ directory, names: ['one.test', 'two.test'], rootPem: await lab.root() })).toEqual(
      [],
    );
    // Four files can change together only where one link to them does.
    expect(await realpath(directory)).not.toBe(directoryBefore);
    expect(await readdir(path.join(here.stateDir, 'certificates'))).toEqual(['one.test']);
  });

  it('is replaced when other names are wanted', async () => {
    const names = ['one.test', 'three.test'];
    expect(await issue(...names)).toMatchObject({
      exitCode: 0,
      stderr: 'one.test: names one.test two.test → one.test three.test\n',
    });
    const directory = here.certificate('one.test');
    expect(await faultsOf({ directory, names, rootPem: await lab.root() })).toEqual([]);
  });

  it.each([
    { what: 'names', change: ['three.test'] },
    { what: 'key type', change: ['--key-type', 'ec384'] },
  ])('does not pass for one with another $what, even after a first attempt failed', async ({ change }) => {
    const wanted = ['one.test', 'two.test', ...change];
    await webServer.stop();
    expect(await issue(...wanted)).toMatchObject({ exitCode: 1 });
    webServer = await serveWebroot(here.webroot, lab.httpPort);
    here.change('update identifiers set next_attempt_at = null');
    const due = await here.run(['renew', '--dry-run', '--json']);
    expect(jsonLines(due)[0]).toMatchObject({ name: 'one.test', reason: 'changed' });
    expect(await issue(...wanted)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(created(proxy, 'newOrder')).toBe(1);
  });

  it('is replaced when it is due', async () => {
    here.change(`update certificates set not_before = '2020-01-01T00:00:00.000Z'`);
    expect(await issue('one.test', 'two.test')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(created(proxy, 'newOrder')).toBe(1);
  });

  it('stays when the attempt to replace it fails, and nothing is left open', async () => {
    const before = await serialOf('one.test');
    await webServer.stop();
    const result = await issue('one.test', 'two.test', '--force');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/^error: /);
    expect(await serialOf('one.test')).toBe(before);
    expect(proxy.census.open()).toEqual([]);
    // No private key of an order that can't come to anything any more.
    expect(await readdir(path.join(here.stateDir, 'orders'))).toEqual([]);
    webServer = await serveWebroot(here.webroot, lab.httpPort);
  });
});

describe('--dry-run', () => {
  it('says what it would cost, sends nothing and writes nothing', async () => {
    const result = await issue('dry-1.test', 'dry-2.test', '--dry-run');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toMatch(/1 new order.* 2 authorizations/);
    expect(proxy.requests).toEqual([]);
    expect(existsSync(here.stateDir)).toBe(false);
  });

  it('changes nothing where a ledger is already', async () => {
    expect(await issue('known.test')).toMatchObject({ exitCode: 0 });
    const before = ledgerContent();
    expect(await issue('new.test', '--dry-run')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(proxy.requests).toEqual([]);
    expect(ledgerContent()).toEqual(before);
    expect(await readdir(path.join(here.stateDir, 'certificates'))).toEqual(['known.test']);
  });

  it('says that a certificate stands that would not be ordered', async () => {
    expect(await issue('known.test')).toMatchObject({ exitCode: 0 });
    const result = await issue('known.test', '--dry-run', '--json');
    expect(JSON.parse(result.stdout)).toMatchObject({ cost: { newOrders: 0, authorizations: 0 } });
  });
});

function ledgerContent(): unknown[] {
  return ['orders', 'certificates', 'accounts', 'events', 'runs'].map((table) =>
    here.rows(`select * from ${table}`),
  );
}
