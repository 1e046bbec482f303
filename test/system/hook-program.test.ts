import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hookDistrust } from '../../src/system/hook-program.ts';
import { hookFailure, runHook } from '../../src/system/hook-process.ts';
import { makeScratchDirectory } from '../certificates/scratch-directory.ts';

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

describe('a hook that fails', () => {
  const script = 'exit 3\n';
  it.each([
    [
      'has CRLF',
      './hook',
      `#!/bin/sh\r\n${script}`,
      0o755,
      /HOOK has the line ends of Windows \(CRLF\); sed -i .* HOOK/,
    ],
    ['has CRLF, read by a shell', 'sh ./hook', 'exit 3\r\n', 0o644, /HOOK has the line ends of Windows/],
    ['has no first line', './hook', script, 0o755, /HOOK has no first line such as #!\/bin\/sh/],
    ['is not executable', './hook', `#!/bin/sh\n${script}`, 0o644, /HOOK isn't executable; chmod \+x HOOK/],
    [
      'is not executable, behind env',
      'env A=b ./hook',
      `#!/bin/sh\n${script}`,
      0o644,
      /HOOK isn't executable/,
    ],
  ])('because it %s says so', async (_title, command, content, mode, words) => {
    const failure = await failureOf(command, content, mode);
    expect(failure).toMatch(new RegExp(`^ended with exit code \\d+.* \\(${words.source}.*\\)$`));
  });

  it.each([
    ['a good script', './hook', `#!/bin/sh\n${script}`, 0o755],
    ['one that a shell reads', 'sh ./hook', script, 0o644],
  ])('and is %s: its end says all', async (_title, command, content, mode) => {
    expect(await failureOf(command, content, mode)).toBe('ended with exit code 3, without a word');
  });

  it('because it is not there says so', async () => {
    expect(await failureOf('./other', script, 0o755)).toMatch(/\(\S*other isn't there\)$/);
  });

  async function failureOf(command: string, content: string, mode: number): Promise<string | null> {
    const { directory, hook } = await openHook();
    writeFileSync(hook, content);
    chmodSync(hook, mode);
    const signal = new AbortController().signal;
    const result = await runHook({
      command,
      args: [],
      environment: {},
      directory,
      timeoutMs: 10_000,
      signal,
    });
    return hookFailure(result, 10_000)?.replaceAll(hook, 'HOOK') ?? null;
  }
});
