import { readFile } from 'node:fs/promises';
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
