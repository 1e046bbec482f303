import { describe, expect, it } from 'vitest';
import { runProgram } from '../../support/program.ts';
import { startOnTerminal } from '../../support/terminal.ts';

const helps = [
  ['--help'],
  ['issue', '--help'],
  ['help', 'renew'],
  ['account', 'import', '-h'],
  ['help', 'hooks'],
];

describe.concurrent('help on a terminal', () => {
  // Wider ones needn't be filled.
  it.each([60, 80, 160].flatMap((columns) => helps.map((words) => ({ columns, words }))))(
    'fits $columns columns: $words',
    async ({ columns, words }) => {
      const terminal = startOnTerminal(words, { columns });
      expect(await terminal.finished).toBe(0);
      const lines = terminal.lines();
      // A line that the terminal had to wrap is one of more columns.
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
      expect(lines.some((line) => line.length > Math.min(columns, 100) - 12)).toBe(true);
      if (words[1] !== 'hooks') expect(lines.indexOf('Examples:')).toBeLessThan(lines.indexOf('Exit codes:'));
    },
  );
});

describe.concurrent('help in a pipe', () => {
  it('has 80 columns', async () => {
    const { stdout, stderr, exitCode } = await runProgram(['issue', '--help']);
    expect([exitCode, stderr]).toEqual([0, '']);
    const widest = Math.max(...stdout.split('\n').map((line) => line.length));
    expect([widest > 70, widest <= 80]).toEqual([true, true]);
    expect(stdout).toMatch(/global options +acme-ledger --help/);
    expect(stdout).not.toMatch(/--state-dir/);
  });

  it('is on stderr, with exit 2, where nothing was typed', async () => {
    const { stdout, stderr, exitCode } = await runProgram([]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^acme-ledger: [^]*\nExamples:\n/);
  });

  it.each([
    [['help', 'cert', 'add'], /^acme-ledger cert add: /],
    [['help'], /^acme-ledger: /],
    [['help', 'hooks'], /^ {2}RENEWED_LINEAGE +the folder/m],
  ] as const)('is there for %j', async (words, text) => {
    const { stdout, exitCode } = await runProgram([...words]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(text);
  });

  it('is refused on what there is not', async () => {
    const { stderr, exitCode } = await runProgram(['help', 'frob']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error: there is no help on "frob"\nhint: acme-ledger --help/);
  });
});
