import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import { faultsOf } from '../../support/openssl.ts';
import { type ProxiedCa, type Site, newSite, startProxiedCa } from '../../support/stage.ts';

const names = ['deploy.test', 'www.deploy.test'];

let ca: ProxiedCa;
let lab: ProxiedCa['lab'];
let proxy: ProxiedCa['proxy'];
let site: Site;
let here: Site['here'];
/** Writes its variables to `deployed`, one run after the other; fails while the file `broken` is there. */
let hook: string;

beforeAll(async () => {
  ca = await startProxiedCa();
  ({ lab, proxy } = ca);
});

afterAll(() => ca.stop());

beforeEach(async () => {
  site = await newSite(ca);
  ({ here } = site);
  hook = here.file('deploy');
  const script = `if [ -e "${here.file('broken')}" ]; then echo "no web server here" >&2; exit 3; fi
    env | grep -E '^(RENEWED|LEGO)_' >> "${here.file('deployed')}"`;
  await writeFile(hook, `#!/bin/sh\n${script}\n`);
  await chmod(hook, 0o755);
});

afterEach(() => site.remove());

function issueArgs(...args: string[]): string[] {
  return ['issue', ...names, '--webroot', here.webroot, '--deploy-hook', hook, ...args];
}

async function deployedLines(): Promise<string[]> {
  const lines = await readFile(here.file('deployed'), 'utf8').catch(() => '');
  return lines.split('\n').filter((line) => line !== '');
}

function runs(lines: string[]): number {
  return lines.filter((line) => line.startsWith('RENEWED_LINEAGE=')).length;
}

describe('a deploy hook', () => {
  it("finds certbot's and lego's variables, and the new files in place", async () => {
    const result = await here.run([...issueArgs(), '--email', 'admin@deploy.test']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const directory = here.certificate('deploy.test');
    const file = (name: string): string => path.join(directory, name);
    expect((await deployedLines()).sort()).toEqual(
      [
        'RENEWED_DOMAINS=deploy.test www.deploy.test',
        `RENEWED_LINEAGE=${directory}`,
        'LEGO_ACCOUNT_EMAIL=admin@deploy.test',
        'LEGO_CERT_DOMAIN=deploy.test',
        `LEGO_CERT_KEY_PATH=${file('privkey.pem')}`,
        `LEGO_CERT_PATH=${file('fullchain.pem')}`,
        'LEGO_HOOK_ACCOUNT_EMAIL=admin@deploy.test',
        'LEGO_HOOK_CERT_DOMAINS=deploy.test,www.deploy.test',
        `LEGO_HOOK_CERT_KEY_PATH=${file('privkey.pem')}`,
        'LEGO_HOOK_CERT_KEY_TYPE=EC256',
        'LEGO_HOOK_CERT_NAME=deploy.test',
        'LEGO_HOOK_CERT_NAME_SANITIZED=deploy.test',
        `LEGO_HOOK_CERT_PATH=${file('fullchain.pem')}`,
        `LEGO_HOOK_ISSUER_CERT_PATH=${file('chain.pem')}`,
      ].sort(),
    );
  });

  it('is not run for a certificate that stands', async () => {
    expect(await here.run(issueArgs())).toMatchObject({ exitCode: 0 });
    expect(await here.run(issueArgs())).toMatchObject({ exitCode: 0 });
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(runs(await deployedLines())).toBe(1);
  });
});

describe('a deploy hook that comes later', () => {
  it('is noted for the certificate that stands, and run when that is renewed', async () => {
    const first = ['issue', ...names, '--webroot', here.webroot];
    expect(await here.run(first)).toMatchObject({ exitCode: 0 });
    proxy.resetCounts();
    expect(await here.run(issueArgs())).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^deploy\.test: deploy hook none → \S+\n$/) as unknown,
    });
    expect(proxy.counts.newOrder).toBe(0);
    expect(await here.run(['renew', '--all'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(runs(await deployedLines())).toBe(1);
  });
});

describe('a deploy hook that fails', () => {
  beforeEach(async () => {
    await writeFile(here.file('broken'), '');
    const result = await here.run(issueArgs('--json'));
    expect(result.exitCode).toBe(1);
    expect(jsonOf(result)).toMatchObject({
      status: 'issued',
      certificate: { name: 'deploy.test' },
      error: { code: 'deploy-hook', message: expect.stringContaining('no web server here') as unknown },
    });
    expect(result.stderr).toMatch(/^error: .*deploy hook/m);
    proxy.resetCounts();
  });

  it('leaves the certificate stored, and the next renew runs the hook again without an order', async () => {
    const directory = here.certificate('deploy.test');
    expect(await faultsOf({ directory, names, rootPem: await lab.root() })).toEqual([]);
    const failing = await here.run(['renew', '--json']);
    expect(failing.exitCode).toBe(1);
    expect(jsonLines(failing)[0]).toMatchObject({ status: 'failed', error: { code: 'deploy-hook' } });
    await rm(here.file('broken'));
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(runs(await deployedLines())).toBe(1);
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(runs(await deployedLines())).toBe(1);
    expect(proxy.counts.newOrder).toBe(0);
    expect(here.rows('select id from orders')).toHaveLength(1);
  });

  it('is run again by the next issue, which orders nothing either', async () => {
    await rm(here.file('broken'));
    expect(await here.run(issueArgs())).toMatchObject({ exitCode: 0, stderr: '' });
    expect(runs(await deployedLines())).toBe(1);
    expect(proxy.counts.newOrder).toBe(0);
    expect(here.rows('select id from orders')).toHaveLength(1);
  });
});
