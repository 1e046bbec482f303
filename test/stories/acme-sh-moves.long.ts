import { mkdir, readFile, readlink, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, jsonLines, newInstallation } from '../support/installation.ts';
import { faultsOf, openssl } from '../support/openssl.ts';
import { AcmeShFolders } from '../support/other-clients/acme-sh-folders.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import type { ProgramResult } from '../support/program.ts';
import { dnsHook } from '../support/recording-hook.ts';
import { startOnTerminal } from '../support/terminal.ts';
import { serveWebroot, type WebrootServer } from '../support/webroot-server.ts';

/*
 * Twenty certificates lie in the folders of acme.sh: one with two document roots, one for a name and a wildcard that a script of
 * its dnsapi proves, and some that it copied to where the web server reads. acme-ledger takes them over, with links in all those
 * places, and goes on with the script and the credentials that acme.sh keeps.
 */

let lab: PebbleLab;
let here: Installation;
let webServer: WebrootServer;
let acmeSh: AcmeShFolders;
let take: string[];

const usual = Array.from({ length: 18 }, (_, index) => `site-${String(index)}.test`);
const sites: Record<string, string[]> = {
  ...Object.fromEntries(usual.map((name) => [name, [name]])),
  'roots.test': ['roots.test', 'shop.roots.test'],
  'wild.test': ['wild.test', '*.wild.test'],
};
const served = (name: string): string => here.file(`nginx/${name}.pem`);

beforeAll(async () => {
  lab = await startPebble({
    profiles: { default: { description: '88 days', validityPeriod: 88 * 86_400 } },
  });
  here = await newInstallation(lab);
  for (const folder of ['shop', 'nginx']) await mkdir(here.file(folder));
  webServer = await serveWebroot(
    (host) => (host.startsWith('shop.') ? here.file('shop') : here.webroot),
    lab.httpPort,
  );
  acmeSh = new AcmeShFolders(here.file('acme.sh'), lab.directoryUrl);
  const dns = (await dnsHook(here, lab.challtestsrv.managementUrl)).command;
  await acmeSh.install({ name: 'dns_lab', body: dnsScript(dns) }, { LAB_Token: 'kept by acme.sh' });
  await obtainThem(dns);
  take = ['account', 'import', '--import-accounts', `acme.sh:${acmeSh.home}`, '--certificates', '--link'];
}, 600_000);

afterAll(async () => {
  await webServer.stop();
  await here.remove();
  await lab.stop();
});

/** A script of the dnsapi that needs what acme.sh has saved for it, and calls the lab's hook. */
function dnsScript(hook: string): string {
  const call = (name: string, action: string): string =>
    `dns_lab_${name}() {
  [ "$(_readaccountconf_mutable LAB_Token)" = 'kept by acme.sh' ] || { _err "no LAB_Token"; return 1; }
  "${hook}" ${action} "$1." "$2"
}
`;
  return call('add', 'present') + call('rm', 'cleanup');
}

/** Real certificates of the CA, on an account that acme.sh is then given, too. */
async function obtainThem(hook: string): Promise<void> {
  const other = await newInstallation(lab);
  const ways = {
    'roots.test': { webroot: here.webroot, webrootFor: `shop.roots.test=${here.file('shop')}` },
    'wild.test': { challenge: 'dns-01', hook, resolver: lab.dnsAddress },
  };
  const lines = Object.entries(sites).map(([name, names]) =>
    JSON.stringify({
      name,
      names,
      webroot: here.webroot,
      ...(name === 'wild.test' ? { webroot: undefined } : {}),
      ...ways[name as keyof typeof ways],
    }),
  );
  expect(await other.run(['cert', 'import', '-'], { input: lines.join('\n') })).toMatchObject({
    exitCode: 0,
  });
  expect(await other.run(['renew', '--concurrency', '8'], { timeoutMs: 300_000 })).toMatchObject({
    exitCode: 0,
  });
  const [account] = other.rows<{ url: string; key_file: string }>('select url, key_file from accounts');
  await acmeSh.account(path.join(other.stateDir, account!.key_file), account!.url);
  for (const [name, names] of Object.entries(sites)) {
    const installed = {
      fullchain: served(name),
      key: here.file(`nginx/${name}.key`),
      reload: `echo "${name}" >> ${here.file('reloads')}`,
    };
    await acmeSh.certificate({
      names,
      ways:
        name === 'wild.test'
          ? ['dns_lab']
          : name === 'roots.test'
            ? [here.webroot, here.file('shop')]
            : [here.webroot],
      files: other.certificate(name),
      ...(name.startsWith('site-1') ? { installed } : {}),
    });
  }
  await other.remove();
}

async function serialOf(file: string): Promise<string> {
  return (await openssl('x509', '-noout', '-serial', '-in', file)).stdout;
}

/** The serials that the web server serves, from acme.sh's own folders and from where it copied to. */
async function servedSerials(): Promise<Map<string, string>> {
  const files = Object.keys(sites).map((name) =>
    name.startsWith('site-1') ? served(name) : path.join(acmeSh.folderOf(name), 'fullchain.cer'),
  );
  return new Map(await Promise.all(files.map(async (file) => [file, await serialOf(file)] as const)));
}

it.each([60, 80, 160])('shows what would become of each certificate, on %i columns', async (columns) => {
  const session = startOnTerminal([...here.globalOptions, ...take, '--with-hooks', '--dry-run'], { columns });
  expect(await session.finished).toBe(0);
  const lines = session.lines();
  for (const name of Object.keys(sites)) {
    const row = lines.find((line) => line.startsWith(`${name}_ecc `)) ?? '';
    expect(row).toMatch(/ would be taken over/);
    expect(row.length).toBeLessThanOrEqual(columns);
    expect(row.includes('webroot ') || row.includes('hook ')).toBe(columns === 160);
  }
  expect(lines.at(-1)).toBe('certificates: 20 would be added, 0 known before, 0 failed');
});

it(
  'moves twenty certificates with links, a script of the dnsapi, and back',
  { timeout: 600_000 },
  async () => {
    const before = await servedSerials();
    const plan = await here.run([...take, '--dry-run']);
    expect(plan.exitCode).toBe(1);
    expect(plan.stderr).toContain(
      `acme.sh runs a command for it, which acme-ledger would run from now on: ${acmeSh.home}/dnsapi/dns_lab.sh`,
    );
    const taken: ProgramResult = await here.run([...take, '--with-hooks']);
    expect(taken).toMatchObject({ exitCode: 0, stderr: '' });
    expect(taken.stdout).toContain('certificates: 20 added, 0 known before, 0 failed');
    expect(await servedSerials()).toEqual(before);
    for (const name of Object.keys(sites)) {
      const store = here.certificate(`${name}_ecc`);
      const folder = acmeSh.folderOf(name);
      expect(await readlink(path.join(folder, 'fullchain.cer'))).toBe(path.join(store, 'fullchain.pem'));
      expect(await readlink(path.join(folder, `${name}.key`))).toBe(path.join(store, 'privkey.pem'));
      if (name.startsWith('site-1'))
        expect(await readlink(served(name))).toBe(path.join(store, 'fullchain.pem'));
    }
    const [wild] = jsonLines(await here.run(['cert', 'show', 'wild.test_ecc', '--json']));
    expect(wild).toMatchObject({
      settings: { hook: `${acmeSh.home}/dnsapi/dns_lab.sh`, hookStyle: 'acme.sh' },
    });
    expect(jsonLines(await here.run(['renew', '--json']))).toMatchObject([
      { summary: { due: 0, notDue: 20 } },
    ]);
    await here.run(['cert', 'set', 'wild.test_ecc', '--resolver', lab.dnsAddress]);

    await writeFile(here.file('shift'), String(60 * 86_400_000));
    const preload = fileURLToPath(new URL('../support/clock-preload.mjs', import.meta.url));
    const env = { NODE_OPTIONS: `--import=${preload}`, CLOCK_SHIFT_FILE: here.file('shift') };
    const renewed = await here.run(['renew', '--json'], { env, timeoutMs: 300_000 });
    expect(jsonLines(renewed).at(-1)).toMatchObject({ summary: { due: 20, renewed: 20, failed: 0 } });
    for (const [file, serial] of await servedSerials()) expect(serial).not.toBe(before.get(file));
    const rootPem = await lab.root();
    for (const name of ['roots.test', 'wild.test', 'site-0.test'])
      expect(
        await faultsOf({ directory: here.certificate(`${name}_ecc`), names: sites[name]!, rootPem }),
      ).toEqual([]);
    const reloads = (await readFile(here.file('reloads'), 'utf8')).trimEnd().split('\n').toSorted();
    expect(reloads).toEqual(usual.filter((name) => name.startsWith('site-1')).toSorted());

    // The way back, as docs/moving-from-acme-sh.md has it.
    for (const folder of [...Object.keys(sites).map((name) => acmeSh.folderOf(name)), here.file('nginx')])
      for (const file of await readdir(folder))
        if (file.endsWith('.before-acme-ledger'))
          await rename(
            path.join(folder, file),
            path.join(folder, file.slice(0, -'.before-acme-ledger'.length)),
          );
    expect(await servedSerials()).toEqual(before);
  },
);
