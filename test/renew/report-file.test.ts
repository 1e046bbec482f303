import { lchown, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CommandContext } from '../../src/run/run-context.ts';
import { reported, reportMode } from '../../src/renew/report-file.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import { type Workspace, newWorkspace } from '../support/workspace.ts';

let workspace: Workspace;

beforeAll(async () => {
  workspace = await newWorkspace();
});

afterAll(() => workspace.remove());

function stoppedBy(signal: 'SIGINT' | 'SIGTERM' | null) {
  const { signal: work } = new AbortController();
  return { stops: { work, grace: work, signal, dispose: () => undefined } } as unknown as CommandContext;
}

it.each([
  [null, 1],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('has the exit code that a run ends with that was stopped by %s: %i', async (signal, code) => {
  const file = path.join(workspace.directory, 'report.json');
  await reported(stoppedBy(signal), { file, hook: null }, () => Promise.resolve(1));
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ exitCode: code });
});

it.each(['', '.'])('is refused for the directory "%s" before anything is done', async (file) => {
  const done = reported(stoppedBy(null), { file, hook: null }, () =>
    Promise.reject(new Error('it was done')),
  );
  await expect(done).rejects.toThrow(AcmeLedgerError);
  await expect(done).rejects.toThrow("it's a directory");
});

it('takes the place of a regular file only: what is a device or a socket stays', async () => {
  const socket = path.join(workspace.directory, 'socket');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const done = reported(stoppedBy(null), { file: socket, hook: null }, () => Promise.resolve(0));
  await expect(done).rejects.toThrow(`--report ${socket}: it isn't a regular file`);
  expect((await lstat(socket)).isSocket()).toBe(true);
  await new Promise((resolve) => server.close(resolve));
});

it('goes where a link leads to', async () => {
  const folder = path.join(workspace.directory, 'kept');
  await mkdir(folder);
  const [link, file] = [path.join(workspace.directory, 'link'), path.join(folder, 'report.json')];
  await writeFile(file, '{}');
  await symlink(file, link);
  await reported(stoppedBy(null), { file: link, hook: null }, () => Promise.resolve(1));
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ exitCode: 1 });
});

it('is told to the command of --on-finish also where the ledger is lost, or is no database', async () => {
  const [heard, broken] = [path.join(workspace.directory, 'heard'), path.join(workspace.directory, 'broken')];
  await writeFile(broken, 'no database');
  const told: unknown[] = [];
  const log = { info: (data: unknown) => told.push(data) };
  for (const ledger of [broken, path.join(workspace.directory, 'nowhere/ledger.sqlite')]) {
    const settings = { ledgerUrl: `sqlite:${ledger}` };
    const context = { ...stoppedBy(null), settings, log } as unknown as CommandContext;
    const hook = `echo told >> '${heard}' #`;
    expect(await reported(context, { file: null, hook }, () => Promise.resolve(0))).toBe(0);
  }
  expect(await readFile(heard, 'utf8')).toBe('told\ntold\n');
  expect(told).toMatchObject([{ error: { code: 'ledger' } }]);
});

it('is for its owner alone unless a mode is given, whatever the umask and the file before', async () => {
  const file = path.join(workspace.directory, 'modes.json');
  await writeFile(file, '{}', { mode: 0o644 });
  const umask = process.umask(0o077);
  try {
    await reported(stoppedBy(null), { file, hook: null }, () => Promise.resolve(0));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await reported(stoppedBy(null), { file, mode: 0o640, hook: null }, () => Promise.resolve(0));
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  } finally {
    process.umask(umask);
  }
});

it.each([
  ['600', 0o600],
  ['0640', 0o640],
  ['644', 0o644],
])('--report-mode %s is taken', (given, mode) => {
  expect(reportMode(given, 'report.json')).toBe(mode);
});

it.each(['666', '777', '4600', 'u=rw', '', '60'])('--report-mode %j is refused', (given) => {
  expect(() => reportMode(given, 'report.json')).toThrow('--report-mode must be 600, 640, 644 or less');
});

// Only root can give a file to another user, which is what these are about; CI is root.
it.skipIf(process.getuid?.() !== 0)('does not go where another user’s link leads', async () => {
  const [link, file] = [path.join(workspace.directory, 'strange'), path.join(workspace.directory, 'target')];
  await writeFile(file, 'precious');
  await symlink(file, link);
  await lchown(link, 65_534, 65_534);
  const done = reported(stoppedBy(null), { file: link, hook: null }, () => Promise.resolve(0));
  await expect(done).rejects.toThrow("it's a link of another user");
  expect(await readFile(file, 'utf8')).toBe('precious');
});
