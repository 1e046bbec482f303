import { readlink, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, jsonLines, newInstallation } from '../support/installation.ts';
import { openssl } from '../support/openssl.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import { serveWebroot, type WebrootServer } from '../support/webroot-server.ts';
import { certbotAt, type MovedCertbot } from './moved-clients.ts';

/*
 * Three sites come from certbot, whose web server reads /etc/letsencrypt/live: with --link it goes on reading there, finds
 * what acme-ledger renews, and the way back to certbot stays open.
 */

let lab: PebbleLab;
let here: Installation;
let webServer: WebrootServer;
let certbot: MovedCertbot;

const sites = ['blog.test', 'shop.test', 'wiki.test'];
const files = ['cert.pem', 'chain.pem', 'fullchain.pem', 'privkey.pem'];
const live = (...parts: string[]): string => path.join(here.file('certbot/config/live'), ...parts);

beforeAll(async () => {
  // certbot sends a request again once: two rejected nonces in a row end it.
  lab = await startPebble({
    env: { PEBBLE_WFE_NONCEREJECT: '0' },
    profiles: { default: { description: '88 days', validityPeriod: 88 * 86_400 } },
  });
  here = await newInstallation(lab);
  webServer = await serveWebroot(here.webroot, lab.httpPort);
  certbot = certbotAt(lab, here);
  for (const site of sites)
    await certbot.obtain('--webroot', '-w', here.webroot, '-d', site, '-d', `www.${site}`);
}, 600_000);

afterAll(async () => {
  await webServer.stop();
  await here.remove();
  await lab.stop();
});

async function servedSerials(): Promise<string[]> {
  const read = sites.map((site) => openssl('x509', '-noout', '-serial', '-in', live(site, 'fullchain.pem')));
  return (await Promise.all(read)).map(({ stdout }) => stdout);
}

it('moves three sites without a word to the web server, and back', { timeout: 300_000 }, async () => {
  const before = await servedSerials();
  const take = ['account', 'import', '--import-accounts', certbot.choice, '--certificates', '--link'];
  const plan = await here.run([...take, '--dry-run']);
  expect(plan).toMatchObject({ exitCode: 0, stderr: '' });
  expect(plan.stdout).toMatch(/^shop\.test .* would be taken over$/m);
  expect(plan.stdout).toContain(
    "3 certificates (blog.test, shop.test, wiki.test): 4 files of the client's lead to the store",
  );
  expect(await readlink(live('shop.test', 'cert.pem'))).toContain('archive');

  expect(await here.run(take)).toMatchObject({ exitCode: 0, stderr: '' });
  for (const site of sites) {
    for (const file of files)
      expect(await readlink(live(site, file))).toBe(path.join(here.certificate(site), file));
  }
  expect(await servedSerials()).toEqual(before);
  const again = jsonLines(await here.run([...take, '--json']));
  expect(again.slice(1, -1)).toMatchObject(sites.map(() => ({ outcome: 'known', linked: [], unlinked: [] })));
  expect(jsonLines(await here.run(['renew', '--json']))).toMatchObject([{ summary: { due: 0, notDue: 3 } }]);

  await writeFile(here.file('shift'), String(60 * 86_400_000));
  const preload = fileURLToPath(new URL('../support/clock-preload.mjs', import.meta.url));
  const env = { NODE_OPTIONS: `--import=${preload}`, CLOCK_SHIFT_FILE: here.file('shift') };
  expect(await here.run(['renew'], { env })).toMatchObject({ exitCode: 0 });
  const renewed = await servedSerials();
  for (const [index, serial] of renewed.entries()) expect(serial).not.toBe(before[index]);

  // The way back.
  for (const site of sites)
    for (const file of files) await rename(live(site, `${file}.before-acme-ledger`), live(site, file));
  expect(await servedSerials()).toEqual(before);
  const listed = await certbot.type('certificates');
  expect(listed).toContain('Certificate Name: shop.test');
  expect(listed).not.toContain('invalid');
});
