import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { examples } from '../../src/command-line/examples.ts';
import { helpText } from '../../src/command-line/help.ts';
import { pathOf } from '../../src/command-line/typed-line.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { solverOptions } from '../../src/challenges/option-list.ts';
import { flagOf } from '../../src/challenges/solver-option.ts';
import { wordsOf } from '../support/documents.ts';

const program = buildProgram({ bind: () => undefined });
const all = [program, ...commandsBelow(program)];
const named = all.map((command) => [pathOf(command).join(' '), command] as const);

describe('the help of a command', () => {
  it.each(named)('begins with at most ten lines of examples: "%s"', (_path, command) => {
    const [, heading, ...rest] =
      helpText(command, 80)
        .split('\n\n')[1]
        ?.split(/^(Examples:)$/m) ?? [];
    expect(heading).toBe('Examples:');
    const lines = rest.join('').trim().split('\n');
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines[0]).toMatch(/^acme-ledger /);
  });

  it.each([60, 80, 160].flatMap((width) => named.map(([path, command]) => [path, width, command] as const)))(
    'fits the terminal: "%s" at %i columns',
    (_path, width, command) => {
      const lines = helpText(command, width).split('\n');
      expect(lines.filter((line) => line.length > width)).toEqual([]);
      expect(lines.filter((line) => /\s$/.test(line))).toEqual([]);
      // A wider terminal is made use of.
      if (width === 160) expect(lines.length).toBeLessThan(helpText(command, 60).split('\n').length);
    },
  );

  it('has groups, and those of the solvers together', () => {
    const issue = all.find((command) => pathOf(command).join() === 'issue')!;
    const help = helpText(issue, 80);
    const headings = ['Naming:', 'Proving:', 'Key and chain:', 'Deploying:', 'Gate:', 'Trying first:'];
    const places = headings.map((heading) => help.indexOf(`\n${heading}\n`));
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(places[0]).toBeGreaterThan(0);
    const [, proving = ''] = /^Proving:\n([\s\S]*?)\n\n/m.exec(help) ?? [];
    for (const { name } of solverOptions) expect(proving).toContain(flagOf(name));
  });
});

describe('the examples', () => {
  it('are of commands that there are, and name pages that there are', () => {
    expect(Object.keys(examples).sort()).toEqual(named.map(([path]) => path).sort());
    for (const { page } of Object.values(examples))
      expect([page, existsSync(new URL(`../../docs/${page}`, import.meta.url))]).toEqual([page, true]);
  });

  const lines = Object.values(examples).flatMap((each) => each.lines);
  it.each(lines.filter((line) => line.startsWith('acme-ledger ')))('can be typed: %s', async (line) => {
    let ran = 0;
    const typed = buildProgram({ bind: (command) => void command.action(() => void (ran += 1)) });
    const words = wordsOf(line.replace(/ < .*$/, ''));
    await typed.parseAsync(['node', ...words]);
    expect(ran).toBe(1);
  });

  it('are all in their table, which is only loaded for who asks', async () => {
    const folder = new URL('../../src/cli/commands/', import.meta.url);
    for (const file of await readdir(folder, { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      expect([file, await readFile(new URL(file, folder), 'utf8')]).not.toEqual([
        file,
        expect.stringContaining('addHelpText'),
      ]);
    }
  });
});

function commandsBelow(command: Command): Command[] {
  return command.commands.flatMap((each) => [each, ...commandsBelow(each)]);
}
