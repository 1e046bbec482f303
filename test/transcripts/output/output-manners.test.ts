import { execFile } from 'node:child_process';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, jsonLines, jsonOf, newInstallation } from '../../support/installation.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';
import { cleanEnvironment } from '../../support/workspace.ts';
import { controlCharacter } from '../bad-input/bad-input-stage.ts';

const macKey = 'R2VoZWltLWdlaGVpbS1nZWhlaW0tZ2VoZWltLWdlaGVpbQ';
const hostile = 'evil\u001b[31m\u009b2J\r\nerror: forged\u202e';

let stage: Stage;
let lab: Stage['lab'];
let proxy: Stage['proxy'];
let here: Stage['here'];
let names = 0;

beforeAll(async () => {
  stage = await startStage({ eab: { 'kid-1': macKey } });
  ({ lab, proxy, here } = stage);
  await writeFile(here.file('mac.key'), macKey, { mode: 0o600 });
});

afterAll(() => stage.stop());

beforeEach(() => {
  proxy.setFault();
});

describe('a certificate that is issued', () => {
  it('is a result on stdout, and nothing is said on stderr without a terminal', async () => {
    const result = await issue([]);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toMatch(
      /^n\d+\.test: issued, valid until .*\n {2}certificate {2}\/.*\n {2}private key {2}\/.*\n$/,
    );
  });

  it('is one object on stdout with --json, and all else is on stderr', async () => {
    const result = await issue(['--json', '-vv']);
    expect(jsonOf(result)).toMatchObject({ status: 'issued', error: null });
    expect(result.stderr).toMatch(/request/);
  });

  it('says its result also with -q', async () => {
    const result = await issue(['-q']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toMatch(/issued/);
  });
});

describe('the log', () => {
  it('is a line of JSON for each request with --log-format json -vv', async () => {
    const result = await issue(['--log-format', 'json', '-vv']);
    const lines = jsonLines({ ...result, stdout: result.stderr });
    expect(lines.filter((line) => line['msg'] === 'request').length).toBeGreaterThan(4);
    for (const line of lines)
      expect(line).toMatchObject({
        level: expect.any(Number) as number,
        time: expect.stringMatching(/Z$/) as string,
      });
  });

  it('goes to --log-file, which is closed to others, and grows', async () => {
    const file = here.file('the.log');
    const first = await issue(['-v', '-v', '--log-file', file]);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const before = await readFile(file, 'utf8');
    await issue(['-v', '-v', '--log-file', file]);
    const after = await readFile(file, 'utf8');
    expect(after.startsWith(before)).toBe(true);
    expect(after.length).toBeGreaterThan(before.length);
  });

  it('is not worth an order: it goes on when the disk under the log is full', async () => {
    const result = await issue(['-vv', '--log-file', '/dev/full']);
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(/issued/);
  });
});

describe('a secret', () => {
  it('is in no output and in no log: neither EAB key, nor account key, nor private key', async () => {
    const fresh = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
    const binding = ['--eab-kid', 'kid-1', '--eab-hmac-key-file', here.file('mac.key')];
    const log = ['-vv', '--log-format', 'json', '--log-file', fresh.file('the.log')];
    const args = ['issue', 'secret.test', '--webroot', here.webroot, ...binding];
    const told = [await fresh.run([...args, '-vv', '--json']), await fresh.run([...args, '--force', ...log])];
    for (const command of [
      ['account', 'list'],
      ['cert', 'show', 'secret.test'],
      ['order', 'show', '1'],
    ]) {
      told.push(await fresh.run([...command, '--json']), await fresh.run(command));
    }
    expect(told.map(({ exitCode, stderr }) => (exitCode === 0 ? 0 : stderr))).toEqual(told.map(() => 0));
    const said = [
      ...told.flatMap(({ stdout, stderr }) => [stdout, stderr]),
      await readFile(fresh.file('the.log'), 'utf8'),
    ].join('\n');
    const secrets = [macKey, ...(await privateKeysOf(fresh))];
    expect(secrets.length).toBeGreaterThan(2);
    for (const secret of secrets) expect(said.includes(secret)).toBe(false);
    expect(said).not.toMatch(/PRIVATE KEY/);
    await fresh.remove();
  });
});

describe('what a hostile CA says', () => {
  it('is made visible in the error, in JSON and in the log', async () => {
    proxy.setFault(({ kind }) =>
      kind === 'newOrder'
        ? {
            type: 'answer',
            status: 403,
            withNonce: true,
            body: { type: 'urn:ietf:params:acme:error:rejectedIdentifier', detail: hostile, status: 403 },
          }
        : undefined,
    );
    const result = await issue(['--json', '-vv']);
    expect(result.exitCode).toBe(1);
    expect(result.stdout + result.stderr).not.toMatch(controlCharacter);
    expect(result.stderr).toMatch(/^error: .*evil\\x1b\[31m\\x9b2J\\r\\nerror: forged\\u202e/m);
    expect(result.stderr).not.toMatch(/^error: forged/m);
    expect(jsonOf(result)).toMatchObject({ status: 'failed', error: { code: 'ca-problem' } });
  });

  it('is made visible when it is no JSON at all', async () => {
    proxy.setFault(({ kind }) =>
      kind === 'newOrder'
        ? { type: 'answer', status: 502, withNonce: true, body: `<h1>${hostile}</h1>` }
        : undefined,
    );
    const result = await issue(['-vv']);
    expect(result.exitCode).toBe(1);
    expect(result.stdout + result.stderr).not.toMatch(controlCharacter);
    expect(result.stderr).not.toMatch(/^error: forged/m);
  });
});

describe('on a terminal', () => {
  it.each([
    ['colours the log', {}, true],
    ['has no colours with NO_COLOR', { NO_COLOR: '1' }, false],
    ['has colours when NO_COLOR is empty (no-color.org)', { NO_COLOR: '' }, true],
  ] as const)('it %s', async (_title, env, isColoured) => {
    const shown = await onTerminal(['-vv', '--no-progress'], env);
    expect(shown).toMatch(/request/);
    expect(shown.includes('\u001b[3')).toBe(isColoured);
  });
});

async function issue(more: string[]): Promise<ProgramResult> {
  names += 1;
  const binding = ['--eab-kid', 'kid-1', '--eab-hmac-key-file', here.file('mac.key')];
  return await here.run(['issue', `n${names}.test`, '--webroot', here.webroot, ...binding, ...more]);
}

/** What `issue` shows on a terminal: both streams, as `script` records them. */
async function onTerminal(more: string[], env: Record<string, string>): Promise<string> {
  names += 1;
  const binding = ['--eab-kid', 'kid-1', '--eab-hmac-key-file', here.file('mac.key')];
  const args = [
    ...here.globalOptions,
    'issue',
    `n${names}.test`,
    '--webroot',
    here.webroot,
    ...binding,
    ...more,
  ];
  const command = [process.execPath, 'bin/acme-ledger', ...args].map((word) => `'${word}'`).join(' ');
  const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], {
    env: { ...cleanEnvironment(env), TERM: 'xterm' },
  });
  return stdout;
}

/** The base64 of every private key in the state directory, a line at a time. */
async function privateKeysOf({ stateDir }: Installation): Promise<string[]> {
  const files = (await readdir(stateDir, { recursive: true })).filter((file) => file.endsWith('.pem'));
  const texts = await Promise.all(files.map((file) => readFile(path.join(stateDir, file), 'utf8')));
  return texts
    .filter((text) => text.includes('PRIVATE KEY'))
    .flatMap((text) => text.split('\n').filter((line) => line.length >= 20 && !line.startsWith('-----')));
}
