import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { helpText } from '../../src/command-line/help.ts';
import { buildProgram } from '../../src/cli/program.ts';
import type { GlobalOption } from '../../src/settings/option-shapes.ts';
import { options } from '../../src/settings/option-table.ts';

const bound = new Set<Command>();
const program = buildProgram({
  bind: (command) => {
    bound.add(command);
  },
});
const all = commandsOf(program);
const leaves = all.filter((command) => command.commands.length === 0);

describe('each command', () => {
  it('is one of the contract', () => {
    expect(leaves.map(pathOf).sort()).toEqual(
      [
        'issue',
        'renew',
        'status',
        'check',
        'serve http01',
        'dns-persist record',
        'runs list',
        'runs show',
        'authz clear',
        'authz discover',
        'authz list',
        'authz report',
        'authz show',
        'authz sync',
        'ledger check',
        'order list',
        'order show',
        'cert add',
        'name list',
        'name resume',
        'cert import',
        'cert list',
        'cert pause',
        'cert remove',
        'cert resume',
        'cert revoke',
        'account deactivate',
        'cert set',
        'cert show',
        'name show',
        'account import',
        'account list',
        'account register',
        'account show',
      ].sort(),
    );
  });

  it.each(all.map((command) => [pathOf(command), command] as const))(
    '"%s" says what it does, and so does each of its options and operands',
    (_path, command) => {
      expect(command.description()).toMatch(/\S/);
      for (const option of command.options) expect(`${option.flags}: ${option.description}`).toMatch(/: \S/);
      if (command.commands.length > 0) return;
      for (const operand of command.registeredArguments)
        expect(`${operand.name()}: ${operand.description}`).toMatch(/: \S/);
    },
  );

  it.each(leaves.map((command) => [pathOf(command), command] as const))(
    '"%s" does something',
    (_path, command) => {
      expect(bound.has(command)).toBe(true);
    },
  );

  it.each(all.map((command) => [pathOf(command), command] as const))(
    'the help of "%s" has its options, where the global ones are, and the exit codes',
    (_path, command) => {
      const help = helpText(command, 200);
      for (const option of command.options) expect(help).toContain(`  ${option.flags}`);
      const isProgram = command.parent === null;
      for (const { flag } of Object.values(options)) {
        const isOwn = isProgram || command.options.some(({ long }) => long === `--${flag}`);
        if (!isOwn) expect(help).not.toMatch(new RegExp(`^ +(?:-\\w, )?--${flag}\\b`, 'm'));
      }
      if (!isProgram) expect(help).toMatch(/global options +acme-ledger --help/);
      expect(help).toMatch(/documentation +\S/);
      for (const code of ['0  ', '1  ', '2  ', '70  ', '75  ', '130, 143  ']) {
        expect(help).toMatch(new RegExp(`^ {2}${code}`, 'm'));
      }
    },
  );
});

describe('the global options', () => {
  it('are those of the table, in its order and words, and the one that names the configuration file', () => {
    const [config, ...others] = program.options.filter(({ long }) => long !== '--version');
    expect(config?.flags).toBe('--config <FILE>');
    expect(others.map(({ flags, description }) => `${flags}  ${description}`)).toEqual(
      Object.values<GlobalOption>(options).map(({ letter, flag, placeholder, help }) => {
        const words = [letter === undefined ? [] : `-${letter},`, `--${flag}`];
        return `${[...words, placeholder === undefined ? [] : `<${placeholder}>`].flat().join(' ')}  ${help}`;
      }),
    );
  });

  it('stand in the groups of the table', () => {
    const groups = program.options.map(({ long, helpGroupHeading }) => [long, helpGroupHeading]);
    for (const { flag, group } of Object.values(options)) expect(groups).toContainEqual([`--${flag}`, group]);
  });

  it('are counted where that says more', () => {
    const given = (...flags: string[]): unknown => {
      const counted = buildProgram({ bind: () => undefined });
      counted.parseOptions(flags);
      return counted.opts()['verbose'];
    };
    expect([given(), given('-v'), given('-vv'), given('-v', '--verbose', '-v')]).toEqual([0, 1, 2, 3]);
  });
});

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

function pathOf(command: Command): string {
  const above = command.parent === null ? '' : pathOf(command.parent);
  return command.parent === null ? '' : `${above} ${command.name()}`.trim();
}
