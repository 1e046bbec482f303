import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProgramResult } from '../../support/program.ts';
import { readableProgram } from '../../support/readable-program.ts';
import { cleanEnvironment } from '../../support/workspace.ts';
import { expectRefused, expectTwoLines, type Stage, withStage } from '../bad-input/bad-input-stage.ts';

/** In no password file. */
const unknownUser = 54_321;

// Only root can start the program as a user that the system doesn't know; CI is root.
describe.skipIf(process.getuid?.() !== 0)('a user whom the system does not know, without HOME', () => {
  it('works with a state directory, and is told to give one', async () => {
    await withStage(async (stage) => {
      await chmod(stage.directory, 0o755);
      await mkdir(stage.stateDir, { mode: 0o700 });
      await chown(stage.stateDir, unknownUser, unknownUser);
      const add = ['cert', 'add', 'a.example', '--webroot', stage.webroot];
      expectTwoLines(await runAsUnknown(stage, add), {
        error: /nothing says where the state directory is: this user has no home directory/,
        hint: /--state-dir DIR/,
      });
      const given = await runAsUnknown(stage, [...add, '--state-dir', stage.stateDir]);
      expect(given).toMatchObject({ exitCode: 0, stdout: 'a.example: added\n', stderr: '' });
      const clients = ['account', 'import', '--import-accounts', 'acme.sh', '--state-dir', stage.stateDir];
      expect(await runAsUnknown(stage, clients)).toMatchObject({ exitCode: 2 });
      const tilde = await runAsUnknown(stage, [...add, '--state-dir', '~/state']);
      expectTwoLines(tilde, { error: /--state-dir begins with ~, and user 54321 has no home/, hint: /HOME/ });
      expect(tilde.exitCode).toBe(2);
    });
  });
});

it.each([
  ['', 'HOME is empty'],
  ['home', 'HOME is "home", which is no absolute path'],
])('HOME=%s is refused, and makes no directory', async (HOME, message) => {
  await withStage(async (stage) => {
    const refusal = { error: message, hint: /env -u HOME/ };
    for (const args of [['status'], ['cert', 'add', 'a.example', '--webroot', 'webroot']])
      await expectRefused(stage, args, refusal, { env: { HOME } });
  });
});

it('~/ is the home directory, in the configuration and where no shell has read it', async () => {
  await withStage(async (stage) => {
    await mkdir(stage.file('www'));
    await writeFile(
      stage.file('c.yaml'),
      'stateDir: ~/kept\nlogFile: ~/log\ncertificates:\n  - { names: [a.example], webroot: ~/www }\n',
    );
    const config = ['--config', '~/c.yaml'];
    const run = await stage.run([...config, '--json', 'cert', 'list']);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ settings: { webroot: stage.file('www') } });
    expect(await stage.run([...config, 'cert', 'add', 'b.example', '--webroot=~/www'])).toMatchObject({
      exitCode: 0,
    });
    expect(await readdir(stage.directory)).toEqual(expect.arrayContaining(['kept', 'www']));
    expect(await readdir(stage.directory)).not.toContain('~');
    expect(await readdir(stage.file('kept'))).toContain('ledger.sqlite');
  });
});

describe.concurrent('what only a shell could replace is refused', () => {
  it.each([
    [
      ['--state-dir', '$HOME/state'],
      '--state-dir holds a variable, which nothing replaces here: $HOME/state',
    ],
    [['--state-dir', '~other/state'], '--state-dir names the home of a user'],
    [['--ledger', 'sqlite:${STATE}/ledger.sqlite'], '--ledger holds a variable'],
    [['--log-file', '$LOGS/log'], '--log-file holds a variable'],
    [['--config', '$XDG_CONFIG_HOME/c.yaml'], '--config holds a variable'],
    [['--webroot', '$HOME/www'], '--webroot holds a variable'],
    [['--webroot', 'webroot', '--csr', '$HOME/r.csr'], '--csr holds a variable'],
  ])('%j', async (options, error) => {
    await withStage(async (stage) => {
      const given = [
        'cert',
        'add',
        'a.example',
        ...(options.includes('--webroot') ? [] : ['--webroot', '.']),
      ];
      await expectRefused(stage, [...given, ...options], { error, hint: /write the path itself/ });
    });
  });

  it('in the configuration, with its place', async () => {
    await withStage(async (stage) => {
      await writeFile(stage.file('c.yaml'), 'ca: letsencrypt\nstateDir: $HOME/x\n');
      const refusal = { error: /c\.yaml:2:11: stateDir holds a variable/, hint: /./ };
      await expectRefused(stage, ['--config', 'c.yaml', 'status'], refusal);
    });
  });
});

async function runAsUnknown(stage: Stage, args: string[]): Promise<ProgramResult> {
  const { node, program } = await readableProgram();
  const env = cleanEnvironment();
  delete env['HOME'];
  const child = spawn(node, [program, ...args], {
    uid: unknownUser,
    gid: unknownUser,
    cwd: path.resolve(stage.directory),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  const startedAt = performance.now();
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { exitCode, signal, ...output, durationMs: performance.now() - startedAt };
}
