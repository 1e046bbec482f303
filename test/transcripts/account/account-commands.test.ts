import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { created } from '../../support/created.ts';
import { type Installation, jsonLines, jsonOf, newInstallation } from '../../support/installation.ts';
import { runProgram } from '../../support/program.ts';
import { type ProxiedCa, startProxiedCa } from '../../support/stage.ts';

let ca: ProxiedCa;
let lab: ProxiedCa['lab'];
let proxy: ProxiedCa['proxy'];
let here: Installation;

beforeAll(async () => {
  ca = await startProxiedCa();
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

async function register(...options: string[]): Promise<Record<string, unknown>> {
  const result = await here.run(['account', 'register', '--json', ...options]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return jsonOf(result);
}

describe('account register', () => {
  it('registers once, and prints the account', async () => {
    const account = await register('--email', 'admin@account.test');
    expect(account).toEqual({
      id: 1,
      ca: proxy.directoryUrl,
      url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/my-account\//) as unknown,
      status: 'valid',
      email: 'admin@account.test',
      keyFile: expect.stringMatching(/^accounts\/.+\.pem$/) as unknown,
      keyThumbprint: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      purpose: 'orders',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    });
    const mode = (await stat(path.join(here.stateDir, String(account['keyFile'])))).mode & 0o777;
    expect(mode).toBe(0o600);
    expect(await register()).toEqual(account);
    expect(created(proxy, 'newAccount')).toBe(1);
  });

  it('finds the account again whose URL was lost with the answer of the CA', async () => {
    const account = await register();
    here.change(`update accounts set url = null, status = 'unregistered'`);
    expect(await register()).toEqual(account);
    expect(here.rows('select id from accounts')).toHaveLength(1);
  });

  it('finds the account again when the answer to newAccount never came', async () => {
    proxy.setFault(({ kind }) => (kind === 'newAccount' ? { type: 'lose-answer' } : undefined));
    const lost = await here.run(['account', 'register']);
    expect(lost.exitCode).toBe(1);
    expect(lost.stderr).toMatch(/^error: .*\nhint: /);
    proxy.setFault();
    expect(await register()).toMatchObject({ id: 1, status: 'valid' });
    expect(created(proxy, 'newAccount')).toBe(1);
  });

  it('asks for the terms to be agreed to before anything is sent or written', async () => {
    const options = here.globalOptions.filter((option) => option !== '--agree-tos');
    const result = await runProgram([...options, 'account', 'register']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(/^error: .*terms.*\nhint: .*--agree-tos/);
    expect(proxy.counts.newAccount).toBe(0);
    expect(existsSync(here.stateDir)).toBe(false);
  });
});

describe('account list and account show', () => {
  it('show what is in the ledger, and ask nobody', async () => {
    const account = await register();
    proxy.resetCounts();
    expect(jsonLines(await here.run(['account', 'list', '--json']))).toEqual([account]);
    expect(jsonOf(await here.run(['account', 'show', '--json']))).toEqual(account);
    expect(jsonOf(await here.run(['account', 'show', '1', '--json']))).toEqual(account);
    const text = await here.run(['account', 'show']);
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toContain(String(account['url']));
    expect(proxy.requests).toEqual([]);
  });

  it('say that there is none', async () => {
    expect(await here.run(['account', 'list', '--json'])).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
    for (const args of [[], ['7'], ['x']]) {
      const result = await here.run(['account', 'show', ...args]);
      expect(result).toMatchObject({ exitCode: 2, stdout: '' });
      expect(result.stderr).toMatch(/^error: the ledger has no account .*\nhint: /);
    }
  });
});
