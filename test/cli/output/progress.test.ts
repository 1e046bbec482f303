import { describe, expect, it } from 'vitest';
import { startCommandOnTerminal } from '../../support/terminal.ts';

const code = `
import { createOutput } from './src/cli/output/output.ts';
const output = createOutput({ json: false, quiet: false, progress: true, log: () => undefined });
const bar = await output.progress('authorizations and orders');
bar.expect(2000);
output.line(null, () => 'first');
for (let count = 0; count < 1000; count += 1) bar.done();
output.complainOf({ code: 'solver', message: 'n'.repeat(200), hint: 'look there', problem: null, retryAt: null }, 'a.test: failed');
output.line(null, () => ['second', 'third']);
await output.table(['A', 'B'], [['1', '2']]);
bar.stop();
output.note('between');
const other = await output.progress('URLs');
other.expect(1);
output.warn('a warning', 'its hint');
other.stop();
output.line(null, () => 'last');
`;

const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', code];

const written = [
  'first',
  `error: a.test: failed: ${'n'.repeat(200)}`,
  'hint: look there',
  'second',
  'third',
  'A  B',
  '1  2',
  'between',
  'warning: a warning',
  'hint: its hint',
  'last',
];

describe('the line of progress', () => {
  it.each([
    [30, /^1000\/2000 authorizations a…$/],
    [60, /^1000\/2000 authorizations and orders \[=+-+\] \S+ left$/],
    [160, /^1000\/2000 authorizations and orders \[={20}-{20}\] \S+ left$/],
  ])('leaves every line as it was written, on a terminal of %i columns', async (columns, bar) => {
    const session = startCommandOnTerminal(node, { columns });
    expect(await session.finished).toBe(0);
    expect(session.lines()).toEqual(written);
    expect(session.progressRows()).toBe(1);
    expect(session.progress()).toContainEqual(expect.stringMatching(bar));
  });

  it('is not in the way of a reader behind a pipe that shows the results on the same terminal', async () => {
    const session = startCommandOnTerminal(node, { columns: 80, shell: '"$@" | cat' });
    expect(await session.finished).toBe(0);
    expect(session.lines().toSorted()).toEqual(written.toSorted());
  });

  it('is not shown where results go to a terminal and stderr elsewhere, nor under cron', async () => {
    const session = startCommandOnTerminal(node, { columns: 80, shell: '"$@" 2>/dev/null' });
    expect(await session.finished).toBe(0);
    expect(session.progress()).toEqual([]);
    expect(session.lines()).toEqual(['first', 'second', 'third', 'A  B', '1  2', 'last']);
  });
});
