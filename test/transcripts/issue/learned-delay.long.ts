import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type BindLab, startBind } from '../../support/bind.ts';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { NameServer } from '../../support/name-server.ts';
import { nsupdateHook } from '../../support/nsupdate-hook.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';

const lateMs = 12_000;
const name = '_acme-challenge.late.test';

/** The resolver between Pebble and BIND: it shows each value so long after BIND does. */
let late: NameServer;
let bind: BindLab;
let lab: PebbleLab;
let here: Installation;
let watching: NodeJS.Timeout;
beforeAll(async () => {
  bind = await startBind({
    zones: [
      { name: 'test', servers: ['ns2'] },
      { name: 'late.test', servers: ['ns1'] },
    ],
  });
  late = await NameServer.start();
  const firstSeen = new Map<string, number>();
  const watch = async (): Promise<void> => {
    const now = Date.now();
    const values = await bind.txt('ns1', name);
    for (const value of values) firstSeen.set(value, firstSeen.get(value) ?? now);
    const shown = values.filter((value) => now - (firstSeen.get(value) ?? now) >= lateMs);
    late.records.splice(0, Infinity, ...shown.map((data) => ({ type: 'TXT' as const, name, ttl: 0, data })));
    watching = setTimeout(() => {
      watch().catch(() => undefined);
    }, 100);
  };
  await watch();
  lab = await startPebble({ dnsServer: late.address });
}, 60_000);
afterAll(async () => {
  clearTimeout(watching);
  await lab.stop();
  await late.stop();
  await bind.stop();
});
beforeEach(async () => {
  here = await newInstallation(lab);
});
afterEach(() => here.remove());

const delays = () => here.rows('select servers, extra_seconds from name_server_delays');

it('waits longer where the CA missed what all servers showed, and less again', async () => {
  const hook = await nsupdateHook(here.file('hook'), bind, { server: 'ns1' });
  const view = ['--probe-resolver', bind.resolver, '--probe-dns-port', String(bind.port)];
  const issue = (...options: string[]) =>
    here.run([...view, 'issue', 'late.test', '--hook', hook, '--force', '--now', ...options]);
  const codes: (number | null)[] = [];
  while (codes.at(-1) !== 0 && codes.length < 4) codes.push((await issue()).exitCode);
  expect(codes.length).toBeLessThanOrEqual(3);
  expect(codes.at(-1)).toBe(0);
  expect(delays()).toEqual([{ servers: 'ns1.lab', extra_seconds: 15 }]);
  const shown = await here.run(['status']);
  expect(shown.stdout).toContain('ns1.lab: records are waited for 15 s longer');
  // An hour later a success takes a part of it away.
  here.change(`update name_server_delays set failed_at = '2026-01-01T00:00:00.000Z', proven_at = null`);
  expect((await issue()).exitCode).toBe(0);
  expect(delays()).toEqual([{ servers: 'ns1.lab', extra_seconds: 11 }]);
}, 240_000);
