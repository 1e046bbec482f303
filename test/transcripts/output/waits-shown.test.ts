import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProgram } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';
import { startOnTerminal } from '../../support/terminal.ts';

let stage: Stage;
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage();
  ({ here } = stage);
  // Hangs until its file is there, and then says that it can't.
  await writeFile(
    here.file('hook'),
    `#!/bin/sh\n[ "$1" = present ] || exit 0\nwhile [ ! -e '${here.file('go')}' ]; do sleep 0.2; done; exit 1\n`,
  );
  await chmod(here.file('hook'), 0o755);
});

afterAll(() => stage.stop());

function issue(name: string, ...more: string[]): string[] {
  return [
    ...here.globalOptions,
    'issue',
    name,
    '--challenge',
    'http-01',
    '--hook',
    here.file('hook'),
    ...more,
  ];
}

describe('what a run waits for', () => {
  it('is one line on a terminal that changes, at any width, and in the log every ten seconds', async () => {
    const session = startOnTerminal(issue('slow.test'), { columns: 160 });
    const narrow = startOnTerminal(issue('narrow.test'), { columns: 60 });
    await session.waitFor(/^waiting for the hook \S+\/hook present slow\.test \([1-9] of \d+ s\)$/);
    await narrow.waitFor(/^waiting for the hook \S+.*…$/);
    const full = startOnTerminal(issue('second.test', '--max-pending', '2', '--wait', '40s'), {
      columns: 80,
    });
    await full.waitFor(/^looking for room: 2 of 2 open \(\d+ of 40 s\)$/);
    await session.waitFor(/\(1[1-3] of \d+ s\)$/);
    await writeFile(here.file('go'), '');
    expect(await session.finished).toBe(1);
    await Promise.all([narrow.finished, full.finished]);
    for (const each of [session, narrow, full]) {
      expect(each.progressRows()).toBe(1);
      expect(each.lines().join('\n')).not.toMatch(/waiting for|looking for/);
    }
    const log = await readFile(path.join(here.stateDir, 'log', 'acme-ledger.log'), 'utf8');
    expect(log).toMatch(/info: waiting for the hook \S+ present slow\.test \(1\d of \d+ s\)/);
  });

  it('is nothing on stderr without a terminal', async () => {
    await writeFile(here.file('go'), '');
    const { exitCode, stderr } = await startProgram(issue('quick.test')).finished;
    expect(exitCode).toBe(1);
    expect(stderr).not.toContain('waiting');
  });
});
