import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hookDistrust } from '../src/hook-program.ts';
import { runHook } from '../src/hook-process.ts';
import { makeScratchDirectory } from './certificates/scratch-directory.ts';

async function openHook(): Promise<{ directory: string; hook: string }> {
  const directory = await makeScratchDirectory();
  const hook = join(directory, 'hook');
  writeFileSync(hook, '#!/bin/sh\necho ran\n');
  chmodSync(hook, 0o777);
  return { directory, hook };
}

it.each([
  ['HOOK', true],
  ['  HOOK present', true],
  ['./hook with arguments', true],
  ['~/hook', true],
  ["'HOOK' present", true],
  ['"HOOK"', true],
  ['TOKEN=x ZONE=y HOOK', true],
  ['sh HOOK', true],
  ['/bin/sh -eu HOOK', true],
  ['env A=b nice HOOK', true],
  ['HOOK; reload', true],
  ['logger HOOK', false],
  ['/bin/echo HOOK', false],
  ["sh -c 'echo HOOK'", false],
  ['"$HOME/hook"', false],
  ['systemctl reload nginx', false],
])('the program of the command %j is looked at: %s', async (command, isSeen) => {
  const { directory, hook } = await openHook();
  const found = hookDistrust(command.replace('HOOK', hook), directory, directory);
  expect(found?.program ?? null).toBe(isSeen ? hook : null);
});

it('a hook that others may change is not run, and what mends it is told', async () => {
  const { directory, hook } = await openHook();
  const request = { command: './hook', args: [], environment: {}, directory, timeoutMs: 10_000 };
  const signal = new AbortController().signal;
  expect(await runHook({ ...request, signal })).toMatchObject({
    outcome: 'refused',
    stdout: '',
    stderr: `${hook} may be changed by everybody (mode 0777); chmod go-w ${hook}`,
  });
  chmodSync(hook, 0o755);
  expect(await runHook({ ...request, signal })).toMatchObject({ exitCode: 0, stdout: 'ran\n' });
});
