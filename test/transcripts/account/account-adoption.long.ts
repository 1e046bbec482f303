import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, jsonLines, jsonOf, newInstallation } from '../../support/installation.ts';
import { type LabAccount, registerAccount } from '../../support/lab-account.ts';
import { selfSigned } from '../../support/openssl.ts';
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

/** The files of a certificate of certbot's, which no CA issued, for these names. */
async function certbotIssued(name: string, names: readonly string[]): Promise<string> {
  const pem = await selfSigned(here.directory, names, 'ec:P-256');
  await put(`certbot/live/${name}/cert.pem`, pem);
  await put(`certbot/live/${name}/fullchain.pem`, pem);
  await put(`certbot/live/${name}/privkey.pem`, await readFile(here.file('self-signed.key'), 'utf8'));
  return new X509Certificate(pem).serialNumber.toLowerCase();
}

function newKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString();
}

describe('account import --certificates', () => {
  it('takes certificates over with --certificates, and tells of those whose names it could not prove', async () => {
    await certbotHas(account.keyPem, 'a');
    const serial = await certbotIssued('one.test', ['one.test', 'www.one.test']);
    await certbotIssued('two.test', ['two.test']);
    const renewal = (authenticator: string): string =>
      `[renewalparams]\nserver = ${proxy.directoryUrl}\nauthenticator = ${authenticator}\npost_hook = true\n`;
    await put('certbot/renewal/one.test.conf', `${renewal('webroot')}webroot_path = ${here.webroot},\n`);
    await put('certbot/renewal/two.test.conf', renewal('dns-example'));
    const from = [
      'account',
      'import',
      '--certificates',
      '--import-accounts',
      `certbot:${here.file('certbot')}`,
    ];
    const result = await here.run([...from, '--json']);
    expect(result).toMatchObject({ exitCode: 1, stderr: '' });
    expect(jsonLines(result).slice(1)).toMatchObject([
      { certificate: 'one.test', outcome: 'added', serial, notes: ["its post_hook isn't run"], error: null },
      {
        certificate: 'two.test',
        outcome: 'failed',
        error: { message: expect.stringContaining('dns-example') as unknown },
      },
      { summary: { added: 1, failed: 0, certificates: { added: 1, known: 0, failed: 1, elsewhere: 0 } } },
    ]);
    expect(jsonOf(await here.run(['cert', 'show', 'one.test', '--json']))).toMatchObject({
      names: ['one.test', 'www.one.test'],
      ca: proxy.directoryUrl,
      keyType: 'ec256',
      settings: { solver: 'webroot', webroot: here.webroot },
      stored: { serial },
    });
    const nothingDue = await here.run(['renew', '--json']);
    expect(jsonLines(nothingDue).at(-1)).toMatchObject({ summary: { due: 0, notDue: 1 } });
    const otherwise = ['one.test', 'www.one.test', '--solver', 'standalone'];
    expect(await here.run(['cert', 'add', ...otherwise])).toMatchObject({ exitCode: 0 });
    const again = await here.run([...from, '--solver', 'standalone']);
    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
    expect(again.stdout).toContain(
      'accounts: 0 added, 1 known before, 0 failed\ncertificates: 1 added, 1 known before, 0 failed\n',
    );
    expect(jsonOf(await here.run(['cert', 'show', 'one.test', '--json']))).toMatchObject({
      settings: { solver: 'standalone' },
    });
    expect(proxy.counts.newOrder).toBe(0);
  });

  it('takes a command of the client’s over only with --with-hooks, and names it', async () => {
    await certbotHas(account.keyPem, 'a');
    for (const name of ['one.test', 'two.test']) {
      await certbotIssued(name, [name]);
      const settings = `server = ${proxy.directoryUrl}\nauthenticator = webroot\nwebroot_path = ${here.webroot},\n`;
      const hook = name === 'one.test' ? 'renew_hook = systemctl reload nginx\n' : '';
      await put(`certbot/renewal/${name}.conf`, `[renewalparams]\n${settings}${hook}`);
    }
    const from = [
      'account',
      'import',
      '--certificates',
      '--import-accounts',
      `certbot:${here.file('certbot')}`,
    ];
    for (const dryRun of [['--dry-run'], []]) {
      const asked = await here.run([...from, ...dryRun]);
      expect(asked.exitCode).toBe(1);
      expect(asked.stderr).toMatch(
        /^error: .*one\.test\.conf.*: certbot runs a command for it.*: systemctl reload nginx\nhint: .*--with-hooks\n$/,
      );
      const outcome = dryRun.length === 0 ? 'taken over' : 'would be taken over';
      expect(asked.stdout).toMatch(
        new RegExp(`^two\\.test +two\\.test +\\S+ +webroot \\S+ +${outcome}$`, 'm'),
      );
    }
    expect(here.rows('select name, deploy_hook from certificates')).toEqual([
      { name: 'two.test', deploy_hook: null },
    ]);
    const taken = await here.run([...from, '--with-hooks']);
    expect(taken).toMatchObject({ exitCode: 0, stderr: '' });
    expect(taken.stdout).toMatch(/^one\.test .* taken over +runs systemctl reload nginx$/m);
    const shown = await here.run(['cert', 'show', 'one.test']);
    expect(shown.stdout).toContain(`  webroot   ${here.webroot}\n`);
    expect(shown.stdout).toContain('  deploys   systemctl reload nginx\n');
    expect(await here.run([...from])).toMatchObject({ exitCode: 0, stderr: '' });
    const hook = ['--hook', '/bin/true', '--challenge', 'http-01'];
    await here.run(['cert', 'add', 'three.test', ...hook], { cwd: here.directory });
    expect((await here.run(['cert', 'show', 'three.test'])).stdout).toContain(
      `hook      /bin/true (http-01, in ${here.directory})\n`,
    );
  });

  it('leaves what is no pair or lies in the store already, finds what a killed run left, and changes nothing twice', async () => {
    await certbotHas(account.keyPem, 'a');
    for (const name of ['one.test', 'two.test', 'three.test']) {
      await certbotIssued(name, [name]);
      const settings = `server = ${proxy.directoryUrl}\nauthenticator = webroot\nwebroot_path = ${here.webroot},\n`;
      await put(`certbot/renewal/${name}.conf`, `[renewalparams]\n${settings}`);
    }
    await put('certbot/live/two.test/privkey.pem', newKey());
    await put(
      'state/certificates/three.test/fullchain.pem',
      await selfSigned(here.directory, ['x.test'], 'ec:P-256'),
    );
    await chmod(here.stateDir, 0o700);
    const from = [
      'account',
      'import',
      '--certificates',
      '--import-accounts',
      `certbot:${here.file('certbot')}`,
    ];
    const take = async (...options: string[]): Promise<unknown> => {
      const result = await here.run([...from, '--json', ...options]);
      return jsonLines(result).slice(1, -1);
    };
    const left = (name: string, why: string): object => ({
      certificate: name,
      outcome: 'failed',
      error: { message: expect.stringContaining(why) as unknown },
    });
    const others = [
      left('three.test', "another certificate's files"),
      left('two.test', "its key isn't the certificate's"),
    ];
    const one = { certificate: 'one.test', error: null };
    expect(await take('--dry-run')).toMatchObject([{ ...one, outcome: 'would-add' }, ...others]);
    expect(existsSync(here.certificate('one.test'))).toBe(false);
    expect(await take()).toMatchObject([{ ...one, outcome: 'added' }, ...others]);
    const files = await readlink(here.certificate('one.test'));
    const [row] = here.rows('select * from certificates');
    expect(await take()).toMatchObject([{ ...one, outcome: 'known' }, ...others]);
    expect(here.rows('select * from certificates')).toEqual([row]);
    // As a run leaves it that dies after the swap of the files and before their record.
    here.change('delete from certificates');
    expect(await take()).toMatchObject([{ ...one, outcome: 'added' }, ...others]);
    expect(await readlink(here.certificate('one.test'))).toBe(files);
    expect(await readdir(here.file('state/certificate-versions/one.test'))).toHaveLength(1);
    expect(jsonLines(await here.run(['renew', '--json'])).at(-1)).toMatchObject({ summary: { due: 0 } });
    expect(proxy.counts.newOrder).toBe(0);
  });
});
