import type { Command, Option } from 'commander';
import { meantCommand, meantOption, meantWord } from '../foreign-words.ts';
import { parseName } from '../identifiers.ts';
import { nearestWord } from '../nearest-word.ts';
import { type Part, type Target, partsOf, targetOf } from './typed-line.ts';

/** A part of the line that is written otherwise here. */
export interface Change {
  from: string;
  /** What is to be known of it; null where our words say it. */
  says: string | null;
}

export interface Translation {
  /** The line as it is written here; null where a part of it can't be told. */
  words: string[] | null;
  target: Target | null;
  changes: Change[];
}

/** Options as they will be written, and names. */
interface Written {
  operands: string[];
  options: [flag: string, value: string | null][];
  changes: Change[];
  isWhole: boolean;
  /** Whether names were given as another client wants them: its ways to prove them aren't ours. */
  isForeign: boolean;
}

const sampleFolder = '/var/www/html';
const sampleHook = '/etc/acme-ledger/dns.sh';
/** They are examples: what was typed goes before them. */
const samples: readonly (string | null)[] = [sampleFolder, sampleHook];

/** A command line with words of other clients, slips of the keys, and options in the wrong place, as it is written here. */
export function translated(program: Command, typed: readonly string[]): Translation {
  const parts = partsOf(program, typed);
  const target = targetOf(program, parts);
  if (target === null) return { words: null, target, changes: [] };
  const written: Written = {
    operands: [],
    options: [],
    changes: [],
    isWhole: true,
    isForeign: !target.isOurs,
  };
  if (!target.isOurs) written.changes.push(...target.named.map((from) => ({ from, says: null })));
  const rest = [...target.named];
  for (const part of parts) {
    if (part.flag === null && part.values[0] === rest[0]) rest.shift();
    else write(written, target.command, part);
  }
  const words = written.isWhole ? lineOf(target, written) : null;
  return { words, target, changes: written.changes };
}

function write(written: Written, command: Command, part: Part, depth = 0): void {
  const { flag, values } = part;
  if (flag === null) writeOperand(written, command, values[0] ?? '');
  else if (meantCommand(flag) === null && !/^(?:-h|--help)$/.test(flag)) {
    const option = optionOf(command, flag);
    if (option === undefined) writeForeign(written, command, { flag, values }, depth);
    else writeOption(written, option, flag, values);
  }
}

/** Names are separated by blanks, and no URLs. */
function writeOperand(written: Written, command: Command, word: string): void {
  const isName = isForNames(command);
  const names = isName ? word.split(',').flatMap((name) => hostOf(name.trim()) ?? []) : [word];
  if (isName && names.join(' ') !== word) written.changes.push({ from: word, says: null });
  if (command.registeredArguments.length > 0) written.operands.push(...names);
}

/** Whether its operands are the names of a certificate. */
function isForNames(command: Command): boolean {
  return optionOf(command, '--cert-name') !== undefined;
}

function hostOf(name: string): string | null {
  if (name === '') return null;
  const [, host = name] = /^[a-z]+:\/\/([^/:?#]+)/i.exec(name) ?? [];
  const [first = ''] = host.split(/[/:]/);
  // 2001:db8::1 is a name, too.
  const meant = first.includes('.') ? first : host;
  return isName(meant) ? meant : name;
}

/** Whether a certificate could be for it; a line with what can't be helps nobody. */
function isName(text: string): boolean {
  try {
    parseName(text);
    return true;
  } catch {
    return false;
  }
}

function writeOption(written: Written, option: Option, flag: string, values: readonly string[]): void {
  if (!option.required) written.options.push([flag, null]);
  for (const value of values) {
    const about = valueTables[option.long ?? ''];
    const meant = about === undefined ? value : (meantWord(about, value) ?? value);
    if (meant !== value) written.changes.push({ from: value, says: null });
    const before = written.options.findIndex(([other]) => other === flag && option.parseArg === undefined);
    if (before < 0 || option.variadic) written.options.push([flag, meant]);
    // `--key-type rsa --rsa-key-size 4096`.
    else if (about === 'keyType' || samples.includes(written.options[before]?.[1] ?? null))
      written.options[before] = [flag, meant];
    else if (!samples.includes(meant) && written.options[before]?.[1] !== meant) written.isWhole = false;
  }
}

const valueTables: Record<string, 'keyType' | 'challenge' | 'solver' | 'ca' | undefined> = {
  '--key-type': 'keyType',
  '--challenge': 'challenge',
  '--solver': 'solver',
  '--ca': 'ca',
};

function writeForeign(
  written: Written,
  command: Command,
  { flag, values: [value] }: { flag: string; values: string[] },
  depth: number,
): void {
  const meant = depth < 3 ? meantOption(flag, value) : null;
  if (meant !== null) {
    written.changes.push({ from: flag, says: meant.says });
    const { placeholder, ours } = meant;
    if (placeholder !== null && value === undefined) return;
    if (placeholder === 'NAMES') written.isForeign = true;
    for (const part of templateParts(ours, placeholder, value ?? ''))
      write(written, command, part, depth + 1);
    return;
  }
  const near = nearestWord(flag, flagsOf(command));
  written.changes.push({ from: flag, says: null });
  const option = near === null ? undefined : optionOf(command, near);
  if (isLetters(flag, command)) written.options.push([flag, null]);
  else if (option === undefined || near === null) written.isWhole = false;
  else writeOption(written, option, near, option.required && value !== undefined ? [value] : []);
}

/** `-vv`. */
function isLetters(flag: string, command: Command): boolean {
  return (
    /^-[a-z]+$/.test(flag) &&
    flag
      .slice(1)
      .split('')
      .every((letter) => optionOf(command, `-${letter}`))
  );
}

/** The parts of `--deploy-hook 'a b'`, with the value where the placeholder stands. */
function templateParts(ours: string, placeholder: string | null, value: string): Part[] {
  const words = [...ours.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => {
    const word = quoted ?? plain;
    // lego writes :80.
    return placeholder === null ? word : word.replace(placeholder, () => value.replace(/^:/, ''));
  });
  const parts: Part[] = [];
  for (const [index, word] of words.entries()) {
    const isValue = index > 0 && words[index - 1]?.startsWith('--') === true && !word.startsWith('--');
    if (isValue) parts.at(-1)?.values.push(word);
    else parts.push(word.startsWith('-') ? { flag: word, values: [] } : { flag: null, values: [word] });
  }
  return parts;
}

function lineOf({ command, path }: Target, { operands, options, isForeign }: Written): string[] {
  const [argument] = command.registeredArguments;
  const wantsName = argument?.name() === 'NAME' && (argument.required || (isForeign && isForNames(command)));
  const names = operands.length === 0 && wantsName ? ['example.com'] : operands;
  const isNew = isForeign && path.join() === 'issue';
  const proof = names.some((name) => name.startsWith('*.'))
    ? ['--hook', sampleHook]
    : ['--webroot', sampleFolder];
  return [
    ...path,
    ...names,
    ...(isNew && !options.some(([flag]) => isProof(command, flag)) ? proof : []),
    ...options.flatMap(([flag, value]) => (value === null ? [flag] : [flag, value])),
  ];
}

/** Whether an option chooses how names are proven: it is in the group of `--webroot`. */
function isProof(command: Command, flag: string): boolean {
  const group = optionOf(command, '--webroot')?.helpGroupHeading;
  return group !== undefined && optionOf(command, flag)?.helpGroupHeading === group;
}

/** An option of the command, or one of all commands. */
export function optionOf(command: Command, flag: string): Option | undefined {
  const own = command.options.find(({ long, short }) => long === flag || short === flag);
  return own ?? (command.parent === null ? undefined : optionOf(command.parent, flag));
}

function flagsOf(command: Command): string[] {
  const own = command.options.flatMap(({ long }) => long ?? []);
  return command.parent === null ? own : [...own, ...flagsOf(command.parent)];
}
