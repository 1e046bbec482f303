import { chmod, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stage, startStage } from '../../support/stage.ts';
import { startOnTerminal } from '../../support/terminal.ts';

const reason = 'the zone of this customer was moved to another provider and our key is refused there';
const failing = ['f1', 'f2', 'f3', 'f4', 'f5'].map((label) => `${label}.customers.example.test`);
const working = ['w1', 'w2', 'w3'].map((label) => `${label}.customers.example.test`);

let stage: Stage;
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage();
  ({ here } = stage);
});

afterAll(() => stage.stop());

beforeEach(async () => {
  await hook('refusing', `[ "$1" = present ] || exit 0; echo "${reason}" >&2; exit 1`);
  const { exitCode } = await here.run(['cert', 'import', '-'], {
    input: [
      ...failing.map((name) => ({ name, names: [name], challenge: 'dns-01', hook: here.file('refusing') })),
      ...working.map((name) => ({ name, names: [name], webroot: here.webroot })),
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  });
  expect(exitCode).toBe(0);
  here.change('update certificates set stored_at = null, not_after = null, last_attempt_at = null');
  here.change('delete from identifiers');
});

async function hook(name: string, commands: string): Promise<void> {
  await writeFile(here.file(name), `#!/bin/sh\n${commands}\n`);
  await chmod(here.file(name), 0o755);
}

describe('renew before a person', () => {
  it.each([60, 80, 160])('keeps every reason whole beside its bar, on %i columns', async (columns) => {
    const session = startOnTerminal([...here.globalOptions, 'renew'], { columns });
    expect(await session.finished).toBe(1);
    const lines = session.lines();
    for (const name of failing)
      expect(lines.filter((line) => line.startsWith(`error: ${name}: failed: `))).toContainEqual(
        expect.stringContaining(reason),
      );
    for (const name of working) expect(lines).toContain(`${name}: issued`);
    expect(session.progressRows()).toBe(1);
    expect(session.progress().join('\n')).toContain('/8 certificates');
    for (const line of lines) expect(line).toMatch(/^(error: |hint: |[w][123]\.\S+: issued$|8 due: )/);
  });

  it('tells again at the end what failed, once for all that failed alike, above the sum', async () => {
    const session = startOnTerminal([...here.globalOptions, 'renew', '--concurrency', '8'], { columns: 80 });
    expect(await session.finished).toBe(1);
    const [again, hint, sum] = session.lines().slice(-3);
    expect(again).toMatch(/^error: 5 certificates \(f\d\.\S+, f\d\.\S+, f\d\.\S+ …\): failed: /);
    expect(again).toContain(reason);
    expect(hint).toMatch(/^hint: /);
    expect(sum).toMatch(/^8 due: 3 issued, 0 renewed, 5 failed, 0 deferred; 0 not due$/);
  });

  it('tells nothing twice when the failure is the last line anyway', async () => {
    const session = startOnTerminal([...here.globalOptions, 'renew', failing[0]!], { columns: 80 });
    expect(await session.finished).toBe(1);
    expect(session.lines().filter((line) => line.startsWith('error: '))).toHaveLength(1);
  });

  it('leaves whole lines and nothing of its bar at Ctrl-C', async () => {
    await hook('refusing', '[ "$1" = present ] || exit 0; sleep 600');
    const session = startOnTerminal([...here.globalOptions, 'renew', '--concurrency', '8'], { columns: 60 });
    await session.waitFor(/[1-8]\/8 certificates/);
    session.type('\x03');
    expect(await session.finished).toBe(130);
    const lines = session.lines();
    expect(session.progressRows()).toBe(1);
    expect(lines.join('\n')).not.toMatch(/\/8 certificates|\^C./);
    expect(lines.at(-1)).toMatch(/^hint: /);
  });
});
