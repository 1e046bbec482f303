import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, jsonLines, newInstallation } from '../support/installation.ts';
import { faultsOf, openssl } from '../support/openssl.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import type { ProgramResult } from '../support/program.ts';
import { dnsHook } from '../support/recording-hook.ts';
import { serveWebroot, type WebrootServer } from '../support/webroot-server.ts';
import { certbotAt, certbotHooks, legoAt, type MovedClient } from './moved-clients.ts';

/*
 * A provider's names lie in the folders of certbot and lego, 20 certificates each: one with two document roots, one with
 * hooks, one for a wildcard. They are taken over as they stand, and renewed when it is time.
 */

let lab: PebbleLab;
let here: Installation;
let webServer: WebrootServer;
let clients: { certbot: MovedClient; lego: MovedClient };
let hook: string;

const dayMs = 86_400_000;
const usual = (client: string): string[] =>
  Array.from({ length: 17 }, (_, index) => `${client}-${index}.test`);

beforeAll(async () => {
  // certbot sends a request again once: two rejected nonces in a row end it.
  lab = await startPebble({
    env: { PEBBLE_WFE_NONCEREJECT: '0' },
    // Pebble suggests to renew around two thirds of a life, give or take a day: for these that is over after 60 days.
    profiles: { default: { description: '88 days', validityPeriod: 88 * 86_400 } },
  });
  here = await newInstallation(lab);
  await mkdir(here.file('shop'));
  webServer = await serveWebroot(
    (host) => (host.startsWith('shop.') ? here.file('shop') : here.webroot),
    lab.httpPort,
  );
  hook = (await dnsHook(here, lab.challtestsrv.managementUrl)).command;
  clients = { certbot: certbotAt(lab, here), lego: legoAt(lab, here, hook) };
  await Promise.all([obtainWithCertbot(), obtainWithLego()]);
}, 600_000);

afterAll(async () => {
  await webServer.stop();
  await here.remove();
  await lab.stop();
});

async function obtainWithCertbot(): Promise<void> {
  const { certbot } = clients;
  const webroot = ['--webroot', '-w', here.webroot];
  for (const name of usual('certbot')) await certbot.obtain(...webroot, '-d', name);
  await certbot.obtain(...webroot, '-d', 'roots.test', '-w', here.file('shop'), '-d', 'shop.roots.test');
  const [auth, cleanup] = await certbotHooks(here, hook);
  const manual = [
    '--manual',
    '--preferred-challenges',
    'dns',
    '--manual-auth-hook',
    auth,
    '--manual-cleanup-hook',
    cleanup,
  ];
  await certbot.obtain(...manual, '-d', 'hooked.test');
  await certbot.obtain(...manual, '-d', '*.wild.test', '-d', 'wild.test', '--cert-name', 'wild.test');
}

async function obtainWithLego(): Promise<void> {
  const { lego } = clients;
  const webroot = ['--http', '--http.webroot', here.webroot];
  for (const name of usual('lego')) await lego.obtain(...webroot, '-d', name);
  await lego.obtain(...webroot, '-d', 'several.test', '-d', 'www.several.test');
  const dns = ['--dns', 'exec', '--dns.resolvers', lab.dnsAddress, '--dns.disable-cp'];
  await lego.obtain(...dns, '-d', 'lego-hooked.test');
  await lego.obtain(...dns, '-d', '*.lego-wild.test');
}

function take(client: MovedClient, ...options: string[]): Promise<ProgramResult> {
  return here.run(['account', 'import', '--certificates', '--import-accounts', client.choice, ...options]);
}

async function serialOf(file: string): Promise<string> {
  return (await openssl('x509', '-noout', '-serial', '-in', file)).stdout;
}

async function stored(): Promise<Map<string, string>> {
  const rows = here.rows<{ name: string }>(
    'select name from certificates where removed_at is null order by name',
  );
  const serials = rows.map(
    async ({ name }) => [name, await serialOf(path.join(here.certificate(name), 'cert.pem'))] as const,
  );
  return new Map(await Promise.all(serials));
}

const clock = {
  NODE_OPTIONS: `--import=${fileURLToPath(new URL('../support/clock-preload.mjs', import.meta.url))}`,
};

it(
  'takes 40 certificates over, orders nothing, and renews all of them when they are due',
  { timeout: 600_000 },
  async () => {
    const { certbot, lego } = clients;
    const plan = await take(certbot, '--dry-run');
    expect(plan.stdout).toMatch(
      /^roots\.test +roots\.test shop\.roots\.test +\S+ +webroot \S+, shop\.roots\.test=\S+ +would be/m,
    );
    expect(plan.stderr).toMatch(
      /^error: 2 certificates of certbot \(hooked\.test, wild\.test\): certbot runs commands for it/m,
    );
    expect(plan.stdout).toContain('certificates: 18 would be added, 0 known before, 2 failed');

    expect(await take(certbot, '--with-hooks')).toMatchObject({ exitCode: 0, stderr: '' });
    const untold = await take(lego);
    expect(untold.exitCode).toBe(1);
    expect(untold.stderr).toMatch(
      /^error: 20 certificates of lego \(.* and 17 more\): lego's files don't say .*\nhint: .*--only NAME/,
    );
    const byHook = ['--hook', hook, '--resolver', lab.dnsAddress];
    const only = ['--only', 'lego-hooked.test', '--only', '_.lego-wild.test'];
    expect(await take(lego, ...byHook, ...only)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await take(lego, '--webroot', here.webroot)).toMatchObject({ exitCode: 0, stderr: '' });

    const before = await stored();
    expect(before.size).toBe(40);
    for (const name of ['roots.test', 'hooked.test', 'wild.test', ...usual('certbot')])
      expect(before.get(name)).toBe(await serialOf(here.file(`certbot/config/live/${name}/cert.pem`)));
    for (const name of ['several.test', 'lego-hooked.test', '_.lego-wild.test', ...usual('lego')])
      expect(before.get(name)).toBe(await serialOf(here.file(`lego/certificates/${name}.crt`)));
    for (const client of [certbot, lego])
      expect((await take(client)).stdout).toContain('certificates: 0 added, 20 known before, 0 failed');
    expect(jsonLines(await here.run(['renew', '--json']))).toMatchObject([
      { summary: { due: 0, notDue: 40 } },
    ]);
    expect(await stored()).toEqual(before);
    expect(await here.run(['ledger', 'check'])).toMatchObject({ exitCode: 0 });

    await writeFile(here.file('shift'), String(60 * dayMs));
    const env = { ...clock, CLOCK_SHIFT_FILE: here.file('shift') };
    const renewed = await here.run(['renew', '--json'], { env, timeoutMs: 300_000 });
    expect(jsonLines(renewed).at(-1)).toMatchObject({
      summary: { due: 40, renewed: 40, failed: 0, deferred: 0 },
    });
    const after = await stored();
    for (const [name, serial] of before) expect(after.get(name)).not.toBe(serial);
    const rootPem = await lab.root();
    const names = {
      'roots.test': ['roots.test', 'shop.roots.test'],
      'wild.test': ['*.wild.test', 'wild.test'],
      'lego-0.test': ['lego-0.test'],
    };
    for (const [name, all] of Object.entries(names))
      expect(await faultsOf({ directory: here.certificate(name), names: all, rootPem })).toEqual([]);
    expect(webServer.requests.some((one) => one.startsWith('shop.roots.test'))).toBe(true);
  },
);
