import type { Command, Option } from 'commander';
import { meantCommand, meantOption } from '../foreign-words.ts';
import { nearestWord } from '../nearest-word.ts';

/** A part of a command line: an option with its values, or an operand, which has no flag. */
export interface Part {
  flag: string | null;
  values: string[];
}

/** The command that a person meant, and how that was told. */
export interface Target {
  command: Command;
  path: string[];
  /** The words of the line that named it. */
  named: string[];
  /** Whether they are the command's own. */
  isOurs: boolean;
}

/** Reads a command line, with options of ours and of other clients wherever they stand. */
export function partsOf(program: Command, typed: readonly string[]): Part[] {
  const known = knownOptions(program);
  const parts: Part[] = [];
  const rest = [...typed];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') return [...parts, ...rest.map((each) => ({ flag: null, values: [each] }))];
    if (!looksLikeOption(word)) {
      parts.push({ flag: null, values: [word] });
      continue;
    }
    const [, flag = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    parts.push({ flag, values: value === undefined ? valuesBehind(rest, flag, known) : [value] });
  }
  return parts;
}

/** The command of the line's operands, else of its options; null where it can't be told. */
export function targetOf(program: Command, parts: readonly Part[]): Target | null {
  const operands = parts.flatMap(({ flag, values }) => (flag === null ? values : []));
  const [first = '', second = ''] = operands;
  const own = named(program, first);
  if (own !== undefined && own.commands.length === 0) return target(own, [first], true);
  if (own !== undefined) {
    const below = named(own, second);
    if (below !== undefined) return target(below, [first, second], true);
    const meant = commandAt(program, meantCommand(second)?.split(' '));
    const near = named(own, nearestWord(second, namesOf(own)) ?? '');
    const guess = meant?.parent === own ? meant : near;
    return guess === undefined ? null : target(guess, [first, second], false);
  }
  const flag = parts.find((part) => part.flag !== null && meantCommand(part.flag) !== null)?.flag ?? null;
  const asOption = flag === null ? undefined : commandAt(program, meantCommand(flag)?.split(' '));
  if (asOption !== undefined && flag !== null) return target(asOption, [flag], false);
  return meantByWord(program, first) ?? meantByNames(program, first, parts);
}

function meantByWord(program: Command, word: string): Target | null {
  const owners = program.commands.filter((group) => named(group, word) !== undefined);
  const meant =
    commandAt(program, meantCommand(word)?.split(' ')) ??
    (owners.length === 1 ? named(owners[0] ?? program, word) : undefined) ??
    named(program, nearestWord(word, namesOf(program)) ?? '');
  return meant === undefined || meant.commands.length > 0 ? null : target(meant, [word], false);
}

/** Names without a command: a certificate for them. */
function meantByNames(program: Command, first: string, parts: readonly Part[]): Target | null {
  const isNamed = parts.some(({ flag }) => flag !== null && meantOption(flag)?.placeholder === 'NAMES');
  const issue = named(program, 'issue');
  return issue !== undefined && (first.includes('.') || isNamed) ? target(issue, [], false) : null;
}

function target(command: Command, words: string[], isOurs: boolean): Target {
  return { command, path: pathOf(command), named: words, isOurs };
}

/** `['cert', 'show']`. */
export function pathOf(command: Command): string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}

function commandAt(program: Command, path: readonly string[] | undefined): Command | undefined {
  return path?.reduce<Command | undefined>(
    (above, name) => (above === undefined ? undefined : named(above, name)),
    program,
  );
}

function named(above: Command, name: string): Command | undefined {
  return above.commands.find((command) => command.name() === name);
}

export function namesOf(command: Command): string[] {
  return command.commands.map((each) => each.name());
}

function knownOptions(command: Command): Map<string, Option> {
  const below = command.commands.flatMap((each) => [...knownOptions(each)]);
  const here = command.options.flatMap((option) =>
    [option.long, option.short].flatMap((flag) => (flag ? [[flag, option] as const] : [])),
  );
  return new Map([...below, ...here]);
}

function valuesBehind(rest: string[], flag: string, known: ReadonlyMap<string, Option>): string[] {
  const foreign = known.has(flag) ? null : meantOption(flag);
  const option = known.get(flag) ?? known.get(nearestWord(flag, [...known.keys()]) ?? '');
  const takesValue = foreign === null ? option?.required === true : foreign.placeholder !== null;
  const count = foreign === null && option?.variadic === true ? Infinity : takesValue ? 1 : 0;
  const end = rest.findIndex((word) => looksLikeOption(word));
  return rest.splice(0, Math.min(count, end < 0 ? rest.length : end));
}

function looksLikeOption(word: string): boolean {
  return /^--?[a-zA-Z]/.test(word);
}
