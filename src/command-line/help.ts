import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { type Command, Help, type Option } from 'commander';
import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import { examples } from './examples.ts';
import { hooksHelp } from './hooks-help.ts';
import { item, pastable, wrapped } from './layout.ts';
import { pathOf } from './typed-line.ts';

const leastWidth = 40;

/**
 * The help that was asked for: of this command, or with `help TOPIC` of what the line names.
 * @param columns the width of the terminal
 * @throws AcmeLedgerError `usage` where `help` is asked for what there isn't
 */
export async function helpAsked(command: Command, program: Command, columns: number): Promise<string> {
  const width = Math.max(leastWidth, columns);
  const [word, ...topic] = program.args;
  if (word !== 'help' || topic.length === 0) return helpText(command, width);
  if (topic[0] === 'hooks') return (await hooksHelp(width)).join('\n');
  let asked = program;
  for (const name of topic) {
    const below = asked.commands.find((each) => each.name() === name);
    if (below === undefined) {
      throw new AcmeLedgerError('usage', `there is no help on "${printable(topic.join(' '))}"`, {
        hint: 'acme-ledger --help lists the commands; acme-ledger help hooks tells what hooks get',
      });
    }
    asked = below;
  }
  return helpText(asked, width);
}

/** The help of a command: examples first, then its options by what they are for. */
export function helpText(command: Command, width: number): string {
  const { lines = [], page = '' } = examples[pathOf(command).join(' ')] ?? {};
  const name = ['acme-ledger', ...pathOf(command)].join(' ');
  const shown = lines.flatMap((line) => pastable(line, width));
  return [
    wrapped(`${name}: ${command.description()}`, width, 2),
    shown.length === 0 ? [] : ['Examples:', ...shown],
    wrapped(`Usage: ${name} ${command.usage()}`, width, 7),
    ...listsOf(command).map(([heading, items]) => section(heading, items, width)),
    section('More:', moreOf(command, page), width),
    section('Exit codes:', exitCodes, width),
  ]
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n');
}

type Items = [term: string, text: string][];

function section(heading: string, items: Items, width: number): string[] {
  const termWidth = Math.max(...items.map(([term]) => term.length));
  return [heading, ...items.flatMap(([term, text]) => item(term, text, { width, termWidth }))];
}

function listsOf(command: Command): [heading: string, items: Items][] {
  const helper = new Help();
  const isGroup = command.commands.length > 0;
  const operands = isGroup ? [] : helper.visibleArguments(command);
  const options = helper.groupItems<Option>(
    [...command.options],
    // -h is told once, too.
    command.parent === null
      ? helper.visibleOptions(command)
      : command.options.filter(({ hidden }) => !hidden),
    (option) => option.helpGroupHeading ?? 'Options:',
  );
  const lists: [string, Items][] = [
    ['Commands:', command.commands.map((each) => [each.name(), withCommands(each)])],
    ['Arguments:', operands.map((each) => [each.name(), helper.argumentDescription(each)])],
    ...[...options].map(([heading, group]): [string, Items] => [
      heading,
      group.map((option) => [option.flags, helper.optionDescription(option)]),
    ]),
  ];
  return lists.filter(([, items]) => items.length > 0);
}

function withCommands(command: Command): string {
  const below = command.commands.map((each) => each.name());
  return below.length === 0 ? command.description() : `${command.description()}: ${below.join(', ')}`;
}

function moreOf(command: Command, page: string): Items {
  const isProgram = command.parent === null;
  const hooks = command.options.some(({ flags }) => flags.includes('<CMD>'));
  return [
    isProgram
      ? ['acme-ledger COMMAND --help', 'the options of a command']
      : ['global options', 'acme-ledger --help'],
    ...(hooks ? [['hooks', 'acme-ledger help hooks tells what they get'] as [string, string]] : []),
    ['documentation', isProgram ? documents() : `${page} in ${documents()}`],
  ];
}

/** The pages that came with the program. */
function documents(): string {
  const fallback = 'docs';
  try {
    const beside = path.join(path.dirname(realpathSync(process.argv[1] ?? '')), '../docs');
    return existsSync(beside) ? beside : fallback;
  } catch {
    return fallback;
  }
}

const exitCodes: Items = [
  ['0', 'all that was asked is done, or nothing was due'],
  ['1', 'at least one item failed; the others were done'],
  ['2', 'wrong usage, configuration or input; nothing was sent'],
  ['70', 'a bug in acme-ledger'],
  ['75', 'not now (the gate, a limit or an outage of the CA, another run); nothing is lost'],
  ['130, 143', 'interrupted by SIGINT, SIGTERM, after settling what was open'],
];
