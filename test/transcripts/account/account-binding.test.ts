import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Installation, jsonOf, newInstallation } from '../../support/installation.ts';
import { faultsOf } from '../../support/openssl.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type ProxiedCa, startProxiedCa } from '../../support/stage.ts';
import { serveWebroot } from '../../support/webroot-server.ts';

// Keys as CAs hand them out: base64url of some 32 bytes.
const macKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
const wrongKey = 'b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQJQH';

let ca: ProxiedCa;
let lab: ProxiedCa['lab'];
let proxy: ProxiedCa['proxy'];
let here: Installation;

beforeAll(async () => {
  ca = await startProxiedCa({ eab: { 'kid-1': macKey } });
  ({ lab, proxy } = ca);
});

afterAll(() => ca.stop());

beforeEach(async () => {
  here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
  proxy.resetCounts();
});

afterEach(async () => {
  await here.remove();
});

async function issue(...options: string[]): Promise<ProgramResult> {
  const solver = ['--challenge', 'tls-alpn-01', '--listen', `127.0.0.1:${String(lab.tlsPort)}`];
  return await here.run(['issue', 'eab.test', ...solver, ...options]);
}

/** `--eab-…` for a key ID and a file with a key. */
async function binding(kid: string, key: string): Promise<string[]> {
  await writeFile(here.file('mac.key'), `${key}\n`, { mode: 0o600 });
  return ['--eab-kid', kid, '--eab-hmac-key-file', here.file('mac.key')];
}

describe('a CA that wants an external account binding', () => {
  it('gives certificates to an account that is bound by the right key, which appears nowhere', async () => {
    const result = await issue('-v', ...(await binding('kid-1', macKey)));
    expect(result).toMatchObject({ exitCode: 0 });
    const directory = here.certificate('eab.test');
    expect(await faultsOf({ directory, names: ['eab.test'], rootPem: await lab.root() })).toEqual([]);
    expect(result.stdout + result.stderr).not.toContain(macKey);
    const again = await here.run(['account', 'register', '--json']);
    expect(jsonOf(again)).toMatchObject({ id: 1, status: 'valid' });
  });

  it.each([
    { what: 'the wrong key', kid: 'kid-1', key: wrongKey },
    { what: 'a key ID that it does not know', kid: 'kid-2', key: macKey },
  ])('refuses $what: the error says so, and no account is left', async ({ kid, key }) => {
    const result = await issue(...(await binding(kid, key)));
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(/^error: .*(external account|EAB)/i);
    expect(result.stderr).toMatch(/^hint: .*--eab-/m);
    expect(result.stderr).not.toContain(key);
    expect(proxy.counts.newOrder).toBe(0);
    expect(existsSync(here.certificate('eab.test'))).toBe(false);
    expect(here.rows(`select url from accounts where url is not null`)).toEqual([]);
    expect(here.rows('select name from certificates')).toEqual([]);
    expect(here.rows('select id from orders')).toEqual([]);
  });

  it('is not asked without a binding: the error says what to give, and nothing is written', async () => {
    const result = await issue();
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(/^error: .*external account binding.*\nhint: .*--eab-kid/);
    expect(proxy.counts).toMatchObject({ newAccount: 0, newOrder: 0 });
    expect(existsSync(here.stateDir)).toBe(false);
  });

  it('accepts the right key after a wrong one', async () => {
    expect(await issue(...(await binding('kid-1', wrongKey)))).toMatchObject({ exitCode: 2 });
    expect(await issue(...(await binding('kid-1', macKey)))).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('is a fallback once there is an account: the refusal says how to make one, and the binding of the first CA is none for it', async () => {
    const webServer = await serveWebroot(here.webroot, lab.httpPort);
    onTestFinished(() => webServer.stop());
    const nobody = ['--ca', 'https://127.0.0.1:1/dir', '--fallback-ca', proxy.directoryUrl];
    const bound = await binding('kid-1', macKey);
    const fallBack = (): Promise<ProgramResult> =>
      here.run(['issue', 'eab.test', '--webroot', here.webroot, ...nobody, ...bound]);
    const refused = await fallBack();
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    const hint = `hint: acme-ledger account register --ca ${proxy.directoryUrl} makes an account there: `;
    expect(refused.stderr.split(hint)[1]).toContain('--eab-kid KID');
    expect(proxy.counts).toMatchObject({ newAccount: 0, newOrder: 0 });

    expect(await here.run(['account', 'register', ...bound])).toMatchObject({ exitCode: 0 });
    expect(await fallBack()).toMatchObject({ exitCode: 0 });
    expect(
      await faultsOf({
        directory: here.certificate('eab.test'),
        names: ['eab.test'],
        rootPem: await lab.root(),
      }),
    ).toEqual([]);
  });
});
