import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { created } from '../../support/created.ts';
import { type Installation, jsonLines, jsonOf, newInstallation } from '../../support/installation.ts';
import { type LabAccount, registerAccount } from '../../support/lab-account.ts';
import { type ProxiedCa, startProxiedCa } from '../../support/stage.ts';

let ca: ProxiedCa;
let lab: ProxiedCa['lab'];
let proxy: ProxiedCa['proxy'];
let here: Installation;
let account: LabAccount;

beforeAll(async () => {
  ca = await startProxiedCa();
  ({ lab, proxy } = ca);
});

afterAll(() => ca.stop());

beforeEach(async () => {
  here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
  account = await registerAccount({
    directoryUrl: proxy.directoryUrl,
    caPem: await readFile(lab.caFile, 'utf8'),
  });
  proxy.resetCounts();
});

afterEach(async () => {
  await here.remove();
});

const jwkText = (pem: string): string => JSON.stringify(createPrivateKey(pem).export({ format: 'jwk' }));

async function put(name: string, text: string): Promise<string> {
  await mkdir(path.dirname(here.file(name)), { recursive: true });
  await writeFile(here.file(name), text, { mode: 0o600 });
  return here.file(name);
}

/** An account of certbot's at the CA, or at the host and path given. */
async function certbotHas(pem: string, id: string, server?: string): Promise<void> {
  const { host, pathname } = new URL(proxy.directoryUrl);
  await put(
    `certbot/accounts/${server ?? `${host}${pathname}`}/${id.repeat(32)}/private_key.json`,
    jwkText(pem),
  );
}

function newKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString();
}

describe('account import', () => {
  it('takes the account of a key file over, once, and orders are made on it', async () => {
    const file = await put('account.json', jwkText(account.keyPem));
    const first = await here.run(['account', 'import', file, '--json']);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    const [imported, summary] = jsonLines(first);
    expect(imported).toMatchObject({
      file,
      client: null,
      ca: proxy.directoryUrl,
      outcome: 'added',
      url: account.url,
      account: { id: 1, url: account.url, status: 'valid', purpose: 'orders' },
      error: null,
    });
    expect(summary).toEqual({ summary: { added: 1, known: 0, failed: 0, elsewhere: 0 } });
    const { keyFile } = imported?.['account'] as { keyFile: string };
    expect(await readFile(path.join(here.stateDir, keyFile), 'utf8')).toBe(account.keyPem);
    expect((await stat(path.join(here.stateDir, keyFile))).mode & 0o777).toBe(0o600);
    expect(jsonLines(await here.run(['account', 'import', file, '--json']))[0]).toEqual({
      ...imported,
      outcome: 'known',
    });
    expect(jsonOf(await here.run(['account', 'register', '--json']))).toMatchObject({ url: account.url });
    expect(here.rows('select id from accounts')).toHaveLength(1);
    expect(created(proxy, 'newAccount')).toBe(0);
  });

  it('tells of a key without an account, and of a deactivated one, and makes none', async () => {
    const unknown = await put('unknown.pem', newKey());
    const result = await here.run(['account', 'import', unknown]);
    expect(result).toMatchObject({ exitCode: 1, stdout: 'accounts: 0 added, 0 known before, 1 failed\n' });
    expect(result.stderr).toMatch(/^error: .*unknown\.pem: the CA has no account for this key\nhint: .*--ca/);
    expect(result.stderr).not.toContain('PRIVATE');
    const key = await put('gone.pem', account.keyPem);
    proxy.setFault(({ kind }) =>
      kind === 'newAccount'
        ? { type: 'answer', status: 200, headers: { location: account.url }, body: '{"status":"revoked"}' }
        : undefined,
    );
    const revoked = await here.run(['account', 'import', key]);
    proxy.setFault();
    expect(revoked.stderr).toMatch(/^error: .*the CA says the account .* is revoked/);
    await account.post(account.url, { status: 'deactivated' });
    const gone = await here.run(['account', 'import', key]);
    expect(gone.exitCode).toBe(1);
    expect(gone.stderr).toMatch(/^error: .*deactivated/);
    expect(existsSync(here.stateDir)).toBe(false);
    expect(created(proxy, 'newAccount')).toBe(0);
  });

  it("takes a client's accounts over beside the one in use, goes on past bad ones, and --use changes it", async () => {
    expect(await here.run(['account', 'register'])).toMatchObject({ exitCode: 0 });
    await certbotHas(account.keyPem, 'a');
    await certbotHas(newKey(), 'b');
    await certbotHas(newKey(), 'c', 'ca.elsewhere.test/dir');
    await put(`certbot/accounts/ca.elsewhere.test/dir/${'d'.repeat(32)}/private_key.json`, '{}');
    const from = ['account', 'import', '--import-accounts', `certbot:${here.file('certbot')}`];
    const dry = await here.run([...from, '--dry-run']);
    expect(dry.stdout).toMatch(/^would-add .*\naccounts: 1 would be added, 0 known before, 2 failed, 1 at/m);
    // Each names its file, once.
    expect(
      dry.stderr.match(/^error: \S*private_key\.json(?: can't be used)?: (?!.*private_key).*/gm),
    ).toHaveLength(2);
    expect(here.rows('select id from accounts')).toHaveLength(1);
    const result = await here.run([...from, '--json']);
    expect(result).toMatchObject({ exitCode: 1, stderr: '' });
    expect(jsonLines(result)).toMatchObject([
      { client: 'certbot', outcome: 'failed', error: { code: 'bad-file' } },
      { client: 'certbot', outcome: 'failed', error: { code: 'ca-problem' } },
      { client: 'certbot', outcome: 'added', account: { id: 2, purpose: 'clean-up' } },
      { summary: { added: 1, known: 0, failed: 2, elsewhere: 1 } },
    ]);
    expect(jsonOf(await here.run(['account', 'show', '--json']))).toMatchObject({ id: 1 });
    const file = await put('account.pem', account.keyPem);
    expect(await here.run(['account', 'import', file, '--use'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(jsonOf(await here.run(['account', 'show', '--json']))).toMatchObject({ id: 2, purpose: 'orders' });
    const [own] = here.rows<{ key_file: string }>('select key_file from accounts where id = 1');
    const back = ['account', 'import', path.join(here.stateDir, own?.key_file ?? ''), '--use'];
    expect(await here.run(back)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(jsonOf(await here.run(['account', 'show', '--json']))).toMatchObject({ id: 1 });
    const chance = await here.run([...from, '--use']);
    expect(chance).toMatchObject({ exitCode: 2, stdout: '' });
    expect(chance.stderr).toMatch(/^error: --use: there is more than one account/);
  });

  it('asks to be run again when the CA wants to be left alone, and takes no key that no CA takes', async () => {
    const file = await put('account.json', jwkText(account.keyPem));
    const problem = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'slow down' };
    proxy.setFault(({ kind }) =>
      kind === 'newAccount'
        ? { type: 'answer', status: 429, headers: { 'retry-after': '60' }, body: JSON.stringify(problem) }
        : undefined,
    );
    const result = await here.run(['account', 'import', file]);
    proxy.setFault();
    expect(result).toMatchObject({ exitCode: 75 });
    expect(result.stderr).toMatch(/^hint: try again (?:after|at) /m);
    const { privateKey } = generateKeyPairSync('ed25519');
    const ed25519 = await put('ed.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const refused = await here.run(['account', 'import', ed25519]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^error: .*ed\.pem: .*\(ed25519\)\nhint: .*RSA/);
    expect(existsSync(here.stateDir)).toBe(false);
  });

  it('refuses a folder of a client that has no accounts in it, as authz clear does', async () => {
    await put('empty/accounts/README', 'nothing');
    const from = ['--import-accounts', `certbot:${here.file('empty')}`];
    for (const command of [
      ['account', 'import'],
      ['authz', 'clear'],
    ]) {
      const result = await here.run([...command, ...from]);
      expect(result).toMatchObject({ exitCode: 2, stdout: '' });
      expect(result.stderr).toMatch(/^error: certbot:.*empty has no accounts\nhint: .*CLIENT:DIR/);
    }
    expect(existsSync(here.stateDir)).toBe(false);
  });

  it.each([
    {
      args: ['--certificates', '--import-accounts', 'uacme'],
      fault: /uacme has them in a form.*\nhint: .*certbot/,
    },
    { args: ['key.pem', '--webroot', '/'], fault: /--webroot is for certificates.*\nhint: .*--certificates/ },
    { args: [], fault: /nothing says which account.*\nhint: .*--import-accounts/ },
    { args: ['--import-accounts', 'cerbot'], fault: /no such client\nhint: .*certbot, lego/ },
    { args: ['--import-accounts', 'certbot:'], fault: /names no directory/ },
    { args: ['--import-accounts', 'certbot:/nonexistent'], fault: /certbot has no files at \/nonexistent/ },
    { args: ['/nonexistent'], fault: /the account key \/nonexistent/ },
  ])('refuses $args before anything is sent', async ({ args, fault }) => {
    const result = await here.run(['account', 'import', ...args]);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(fault);
    expect(proxy.requests).toEqual([]);
    expect(existsSync(here.stateDir)).toBe(false);
  });
});
