import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { created } from '../../support/created.ts';
import { type Installation, jsonLines, jsonOf } from '../../support/installation.ts';
import { NameServer } from '../../support/name-server.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
let here: Installation;
let dns: NameServer;

beforeAll(async () => {
  stage = await startStage();
  here = stage.here;
  dns = await NameServer.start();
  for (const name of [
    'a.look.test',
    'b.look.test',
    'c.look.test',
    'd.look.test',
    'e.look.test',
    'f.look.test',
  ])
    dns.add({ type: 'A', name, data: '127.0.0.1' });
  forbid('b.look.test');
}, 180_000);

afterAll(async () => {
  await dns.stop();
  await stage.stop();
});

beforeEach(() => {
  stage.proxy.resetCounts();
});

function forbid(name: string): void {
  dns.add({ type: 'CAA', name, data: { flags: 0, tag: 'issue', value: 'other.example' } });
}

function issue(...args: string[]): Promise<ProgramResult> {
  return here.run(['issue', ...args, '--webroot', here.webroot, '--probe-resolver', dns.address, '--json']);
}

it('a name that the CA would refuse is ordered by nobody, and has cost nothing', async () => {
  const failed = await issue('b.look.test');
  expect(failed.exitCode).toBe(1);
  expect(jsonOf(failed)).toMatchObject({
    status: 'failed',
    order: null,
    error: {
      code: 'name-check',
      message: expect.stringMatching(/^the CAA records at b\.look\.test .*; nothing was sent$/) as string,
      hint: 'acme-ledger check b.look.test says what to change; --no-check orders it all the same',
    },
  });
  expect(created(stage.proxy, 'newOrder')).toBe(0);
  expect(here.rows('select 1 from orders')).toEqual([]);
  const [name] = jsonLines(await here.run(['name', 'list', '--json']));
  expect(name).toMatchObject({ name: 'b.look.test', failures: 1, error: { code: 'name-check' } });
  expect(name?.['nextAttemptAt']).not.toBeNull();
});

it('the other names go on without it, where they may', async () => {
  const names = ['a.look.test', 'b.look.test', '--cert-name', 'both'];
  expect((await issue(...names)).exitCode).toBe(1);
  expect(created(stage.proxy, 'newOrder')).toBe(0);
  await here.run(['name', 'resume', '--all']);
  const dropped = await issue(...names, '--on-failed-name', 'drop');
  expect(jsonOf(dropped)).toMatchObject({ status: 'issued', leftOut: ['b.look.test'] });
  expect(created(stage.proxy, 'newOrder')).toBe(1);
});

it('a name without an address is found before http-01 fails for it, and --no-check leaves the look out', async () => {
  const missing = await issue('gone.look.test');
  expect(jsonOf(missing)).toMatchObject({ error: { code: 'name-check' } });
  // Pebble asks a resolver of its own, for which every name is there.
  const ordered = await issue('gone.look.test', '--no-check');
  expect(jsonOf(ordered)).toMatchObject({ status: 'issued' });
  expect(created(stage.proxy, 'newOrder')).toBe(1);
});

it('a name that the account has proven already is ordered, whatever its address is now', async () => {
  dns.add({ type: 'A', name: 'g.look.test', data: '127.0.0.1' });
  expect((await issue('g.look.test')).exitCode).toBe(0);
  dns.remove('A', 'g.look.test');
  expect(jsonOf(await issue('g.look.test', '--force'))).toMatchObject({ status: 'issued' });
  here.change("update authorizations set expires_at = '2020-01-01T00:00:00.000Z'");
  expect(jsonOf(await issue('g.look.test', '--force'))).toMatchObject({ error: { code: 'name-check' } });
});

it('renew looks, too, and orders the name once nothing stands against it', async () => {
  forbid('c.look.test');
  await here.run(['cert', 'add', 'c.look.test', '--webroot', here.webroot]);
  const renew = (...args: string[]): Promise<ProgramResult> =>
    here.run(['renew', 'c.look.test', '--probe-resolver', dns.address, '--json', ...args]);
  const failed = await renew();
  expect(failed.exitCode).toBe(1);
  expect(jsonLines(failed)[0]).toMatchObject({
    name: 'c.look.test',
    status: 'failed',
    error: { code: 'name-check' },
  });
  expect(created(stage.proxy, 'newOrder')).toBe(0);
  dns.remove('CAA', 'c.look.test');
  await here.run(['name', 'resume', 'c.look.test']);
  expect(jsonLines(await renew())[0]).toMatchObject({ name: 'c.look.test', status: 'issued' });
});

it('a name that is suspended for what the look finds comes back once nothing stands against it', async () => {
  forbid('f.look.test');
  const reach = ['--probe-resolver', dns.address, '--probe-http-port', String(stage.lab.httpPort)];
  await issue('f.look.test', '--suspend-after', '0');
  const renew = (): Promise<ProgramResult> =>
    here.run(['renew', 'f.look.test', '--json', ...reach, '--probe-every', '1h']);
  await renew();
  const [dead] = jsonLines(await here.run(['name', 'list', '--suspended', '--name', 'f.*', '--json']));
  expect(dead).toMatchObject({ isProbed: true, probeError: { code: 'name-check' } });
  expect(dead?.['probeAt']).not.toBeNull();
  expect(created(stage.proxy, 'newOrder')).toBe(0);
  dns.remove('CAA', 'f.look.test');
  here.change("update identifiers set probe_at = '2020-01-01T00:00:00.000Z'");
  expect(jsonLines(await renew())[0]).toMatchObject({ name: 'f.look.test', status: 'issued' });
  expect(here.rows('select 1 from probes')).toEqual([]);
});

it('silence stops nothing, and is waited for once a run', async () => {
  const silent = await NameServer.start();
  silent.mood = () => 'silent';
  const begun = performance.now();
  const issued = await here.run([
    'issue',
    'd.look.test',
    '--webroot',
    here.webroot,
    '--probe-resolver',
    silent.address,
  ]);
  expect(issued.exitCode).toBe(0);
  expect(performance.now() - begun).toBeLessThan(20_000);
  await silent.stop();
}, 60_000);

it('without a resolver that sees names as this CA does nobody looks', async () => {
  const issued = await here.run(['issue', 'e.look.test', '--webroot', here.webroot]);
  expect(issued.exitCode).toBe(0);
  expect(dns.questions.filter((asked) => asked.endsWith(' e.look.test'))).toEqual([]);
});
