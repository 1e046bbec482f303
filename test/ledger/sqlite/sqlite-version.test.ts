import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isSafeVersion } from '../../../src/ledger/sqlite/sqlite.ts';
import { runProgram } from '../../support/program.ts';
import { newWorkspace } from '../../support/workspace.ts';

const preload = fileURLToPath(new URL('../../support/old-sqlite-preload.mjs', import.meta.url));

it.each([
  ['3.51.3', true],
  ['3.51.10', true],
  ['3.52.0', true],
  ['4.0.0', true],
  ['3.51.2', false],
  ['3.46.1', false],
  ['3.9.9', false],
  ['', false],
])('SQLite %s is one that two processes may checkpoint with: %s', (version, isSafe) => {
  expect(isSafeVersion(version)).toBe(isSafe);
});

it('a ledger is not opened by an SQLite that could damage it', async () => {
  const here = await newWorkspace();
  try {
    const add = ['cert', 'add', 'a.example', '--webroot', here.webroot, '--state-dir', here.stateDir];
    const run = (version: string) =>
      runProgram(add, { env: { NODE_OPTIONS: `--import=${preload}`, OLD_SQLITE: version } });
    const refused = await run('3.51.2');
    expect(refused.stderr).toMatch(
      /^error: the SQLite in here is 3\.51\.2, .*\nhint: .*better-sqlite3 12\.8/,
    );
    expect(refused.exitCode).toBe(2);
    expect(await run('3.51.3')).toMatchObject({ exitCode: 0, stderr: '' });
  } finally {
    await here.remove();
  }
});

it('an installation gets a better-sqlite3 that brings a safe one along', async () => {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  const [, major = '', minor = ''] = /^\^(\d+)\.(\d+)\./.exec(dependencies['better-sqlite3'] ?? '') ?? [];
  expect([Number(major), Number(minor) >= 8]).toEqual([12, true]);
});
