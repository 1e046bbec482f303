import type { Command } from 'commander';
import { AcmeLedgerError, hasCode } from '../errors.ts';
import { meantOption } from '../foreign-words.ts';
import { printable } from '../printable.ts';
import { shellWords } from '../shell-word.ts';
import { examples } from './examples.ts';
import { type Misuse, optionAsValue, twice } from './ledger-command.ts';
import { namesOf, pathOf } from './typed-line.ts';
import { type Translation, optionOf, translated } from './translation.ts';

/** A longer line isn't pasted from a hint. */
const longestLine = 2_000;

/** What is wrong with a command line, and what to type instead. */
export function refusalOf(misuse: Misuse, program: Command, typed: readonly string[]): AcmeLedgerError {
  const translation = translated(program, typed);
  const line = lineOf(translation);
  const usage = (message: string, hint: string) => new AcmeLedgerError('usage', message, { hint });
  const { command, code, message } = misuse;
  const help = helpHint(translation.target?.command ?? command);
  switch (code) {
    case 'commander.unknownCommand':
      return usage(
        withWhy(message, translation, command.args[0]),
        line ?? (translation.target === null ? commandsHint(command) : help),
      );
    case 'commander.unknownOption': {
      // `--eab-hmac-key=…` may hold a secret.
      const [flag = ''] = message.slice(message.indexOf("'") + 1, -1).split('=');
      const place =
        line === null || meantOption(flag) === null ? placeOf(program, command, flag, translation) : null;
      return usage(withWhy(place ?? `unknown option '${flag}'`, translation, flag), line ?? help);
    }
    case 'commander.excessArguments':
      return command.commands.length > 0
        ? usage(`${nameOf(command)} has no command '${command.args[0] ?? ''}'`, line ?? commandsHint(command))
        : usage(tooMany(command), usageHint(command));
    case 'commander.missingArgument':
      return usage(message, examples[pathOf(command).join(' ')]?.lines[0] ?? help);
    case twice:
      return usage(message, twiceHint(command, message));
    default:
      return usage(message, code === optionAsValue ? (line ?? help) : help);
  }
}

/** A refusal of a command; where another client's word was the reason, its hint ends with the whole line to type. */
export function withLine(error: unknown, program: Command, typed: readonly string[]): unknown {
  if (!hasCode(error, 'usage', 'bad-name')) return error;
  const translation = translated(program, typed);
  const line = lineOf(translation);
  const isTold = translation.changes.some(({ from }) => error.message.includes(`"${printable(from)}"`));
  if (line === null || !isTold) return error;
  const hint = error.hint === undefined ? line : `${error.hint}: ${line}`;
  return new AcmeLedgerError(error.code, error.message, { hint, cause: error.cause });
}

function lineOf({ words }: Translation): string | null {
  if (words === null) return null;
  const line = `acme-ledger ${shellWords(words.map(printable))}`;
  return line.length <= longestLine ? line : null;
}

/** The message, and what is to be known of the word. */
function withWhy(message: string, { changes }: Translation, word: string | undefined): string {
  const says = changes.find(({ from }) => from === word)?.says ?? null;
  return says === null ? message : `${message}: ${says}`;
}

/** Where an option belongs that stands before its command, or is another command's; null for an unknown one. */
function placeOf(program: Command, command: Command, flag: string, { target }: Translation): string | null {
  const asked = command.commands.length > 0 ? (target?.command ?? command) : command;
  if (asked !== command && optionOf(asked, flag) !== undefined)
    return `${flag} is an option of ${pathOf(asked).join(' ')}, and belongs behind it`;
  const owners = leavesOf(program).filter((each) => each.options.some(({ long }) => long === flag));
  if (owners.length === 0) return null;
  const names = owners.map((each) => pathOf(each).join(' '));
  return `unknown option '${flag}': ${pathOf(asked).join(' ') || 'acme-ledger'} has none, only ${names.join(', ')}`;
}

function leavesOf(command: Command): Command[] {
  return command.commands.flatMap((each) => (each.commands.length === 0 ? [each] : leavesOf(each)));
}

function tooMany(command: Command): string {
  const { args, registeredArguments: expected } = command;
  const takes =
    expected.length === 0 ? 'no argument' : expected.map((each) => `one ${each.name()}`).join(' and ');
  return `too many arguments for '${command.name()}': ${pathOf(command).join(' ')} takes ${takes}, not ${args.join(' ')}`;
}

function usageHint(command: Command): string {
  const beside = command.parent === null ? '' : `; ${commandsHint(command.parent)}`;
  return `${nameOf(command)} ${command.usage()}${beside}`;
}

function nameOf(command: Command): string {
  return ['acme-ledger', ...pathOf(command)].join(' ');
}

function commandsHint(command: Command): string {
  return `the commands are ${namesOf(command).join(', ')}; ${nameOf(command)} --help tells what they do`;
}

function helpHint(command: Command): string {
  return `${nameOf(command)} --help shows what there is`;
}

function twiceHint(command: Command, message: string): string {
  const flag = /^\S+/.exec(message)?.[0] ?? '';
  const isProof =
    optionOf(command, flag)?.helpGroupHeading === optionOf(command, '--webroot')?.helpGroupHeading;
  const own =
    isProof && optionOf(command, '--webroot')
      ? `; names with another ${flag} are a certificate of their own`
      : '';
  return `leave one of them out${own}`;
}
