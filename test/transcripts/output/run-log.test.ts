import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
let here: Stage['here'];
let names = 0;

beforeAll(async () => {
  stage = await startStage();
  ({ here } = stage);
});

afterAll(() => stage.stop());

beforeEach(async () => {
  stage.proxy.setFault();
  await rm(folder(), { recursive: true, force: true });
});

const folder = (): string => path.join(here.stateDir, 'log');
const log = (): string => path.join(folder(), 'acme-ledger.log');

async function logged(): Promise<string[]> {
  return (await readFile(log(), 'utf8')).trimEnd().split('\n');
}

function newName(): string {
  names += 1;
  return `n${names}.test`;
}

const begin = String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[\d+\] `;

describe('the log of a run', () => {
  it('lies in the state directory, closed to others, and tells start, outcome, sum and end', async () => {
    const name = newName();
    expect(await here.run(['issue', name, '--webroot', here.webroot])).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect((await stat(log())).mode & 0o777).toBe(0o600);
    expect((await stat(folder())).mode & 0o777).toBe(0o700);
    const lines = await logged();
    for (const line of lines) expect(line).toMatch(new RegExp(`${begin}(info|warning|error): `));
    expect(lines[0]).toContain('info: start: acme-ledger ');
    expect(lines[0]).toContain(`issue ${name} --webroot ${here.webroot} `);
    expect(lines[0]).toContain(' {"version":');
    expect(lines.join('\n')).toMatch(new RegExp(`${begin}info: ${name}: issued`, 'm'));
    expect(lines.at(-2)).toContain('info: sum: 1 issued {"issued":1}');
    expect(lines.at(-1)).toMatch(/info: end: exit code 0 {"exitCode":0,"seconds":\d+}$/);
  });

  it("has a failure with the CA's words, the hint and the exit code, also with -q and with --json", async () => {
    for (const more of [['-q'], ['--json']]) {
      await rm(folder(), { recursive: true, force: true });
      const name = newName();
      await stage.lab.challtestsrv.setServfail(name);
      expect(await here.run(['cert', 'add', name, '--webroot', here.webroot])).toMatchObject({ exitCode: 0 });
      expect(await here.run(['renew', name, ...more])).toMatchObject({ exitCode: 1 });
      const lines = await logged();
      const failed = lines.filter((line) => line.includes(`error: ${name}: failed: `));
      expect(failed).toHaveLength(1);
      expect(failed[0]).toMatch(/"problem":\{"type":"urn:ietf:params:acme:error:\w+","detail":"[^"]/);
      expect(failed[0]).toMatch(/"hint":"/);
      expect(lines.join('\n')).toMatch(/info: sum: 1 due: 0 issued, 0 renewed, 1 failed/);
      expect(lines.at(-1)).toMatch(/end: exit code 1 /);
      expect(await here.run(['cert', 'remove', name])).toMatchObject({ exitCode: 0 });
    }
  });

  it('has JSON lines with --log-format json', async () => {
    await here.run(['issue', newName(), '--webroot', here.webroot, '--log-format', 'json']);
    const records = (await logged()).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.at(-1)).toMatchObject({ level: 30, pid: expect.any(Number) as number, exitCode: 0 });
  });

  it('has no secret of the arguments', async () => {
    await here.run([
      'issue',
      newName(),
      '--webroot',
      here.webroot,
      '--deploy-hook',
      'TOKEN=geheim /bin/true geheim',
    ]);
    expect((await logged())[0]).toContain('--deploy-hook /bin/true …');
    expect((await logged())[0]).not.toContain('geheim');
  });

  it('is left alone by what only looks, by a dry run, and with --no-log', async () => {
    for (const args of [
      ['cert', 'list'],
      ['cert', 'show', 'none.test'],
      ['authz', 'report'],
      ['status'],
      ['--help'],
      ['renew', '--dry-run'],
      ['issue', newName(), '--webroot', here.webroot, '--no-log'],
    ])
      await here.run(args);
    await here.run(['issue', newName(), '--webroot', here.webroot], { env: { ACME_LEDGER_NO_LOG: 'yes' } });
    expect(await readdir(here.stateDir)).not.toContain('log');
  });

  it('is in another place with --log-file', async () => {
    const file = here.file('other.log');
    await here.run(['issue', newName(), '--webroot', here.webroot, '--log-file', file]);
    expect(await readFile(file, 'utf8')).toMatch(/start: .*\n(.*\n)*.*end: exit code 0/);
    expect(await readdir(here.stateDir)).not.toContain('log');
  });

  it('that can not be written is one warning, and fails nothing', async () => {
    await writeFile(folder(), 'in the way');
    const name = newName();
    const result = await here.run(['issue', name, '--webroot', here.webroot]);
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toMatch(
      /^warning: the log \S+acme-ledger\.log could not be written: .*\nhint: nothing else is concerned; --log-file FILE puts it elsewhere, --no-log does without\n$/,
    );
    await rm(folder());
    await mkdir(folder());
    await chmod(folder(), 0o700);
    const full = await here.run([
      'issue',
      name,
      '--force',
      '--webroot',
      here.webroot,
      '--log-file',
      '/dev/full',
    ]);
    expect(full.exitCode).toBe(0);
    expect(full.stderr).toMatch(/^warning: the log \/dev\/full could not be written: .*\nhint: .*\n$/);
  });

  it('has whole lines of runs at the same time', async () => {
    const runs = await Promise.all(
      [1, 2, 3, 4].map(() => here.run(['issue', newName(), '--webroot', here.webroot])),
    );
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    const lines = await logged();
    for (const line of lines) expect(line).toMatch(new RegExp(begin));
    for (const what of ['start: ', 'end: '])
      expect(lines.filter((line) => line.includes(what))).toHaveLength(4);
  });

  it('does not come to be where bad input keeps the state directory from being made', async () => {
    const stateDir = here.file('new-state');
    const result = await here.run(['issue', 'bad name', '--state-dir', stateDir]);
    expect(result.exitCode).toBe(2);
    await expect(stat(stateDir)).rejects.toThrow('ENOENT');
  });
});

describe('a warning or an error for a person', () => {
  it('is a sentence with its facts and a hint, and a record with --log-format json', async () => {
    const hook = here.file('half.sh');
    await writeFile(hook, '#!/bin/sh\n[ "$1" = present ] || { echo "no way" >&2; exit 1; }\n');
    await chmod(hook, 0o755);
    const name = newName();
    const args = ['issue', name, '--hook', hook, '--challenge', 'http-01'];
    const result = await here.run(args);
    expect(result.stderr).toMatch(
      /^warning: what was presented could not be taken down; .* \(identifier \S+\): .*no way\nhint: /m,
    );
    expect(result.stderr).not.toMatch(/[{}]/);
    const json = await here.run([...args, '--log-format', 'json']);
    const record = json.stderr.split('\n').find((line) => line.startsWith('{"level":40'));
    expect(JSON.parse(record ?? '')).toMatchObject({ identifier: name, error: { code: 'solver' } });
  });
});
