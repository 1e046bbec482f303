import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/context.ts';
import { reported } from '../../src/cli/renewal-report.ts';
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
