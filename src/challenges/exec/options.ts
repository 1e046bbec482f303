import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDuration } from '../../duration.ts';
import { assertTrustedHook } from '../../system/hook-program.ts';
import { printable } from '../../printable.ts';
import { usage, type OptionPlace } from '../solver-option.ts';
import { visibilityOptions } from '../visibility/options.ts';
import { type HookStyleName, hookStyleNames, hookStyles, isHookStyle } from './hook-styles.ts';
import { shellWord } from '../../shell-word.ts';

/** The options of the solver exec, in the order in which they are checked. */
export const execOptions = {
  hook: {
    placeholder: 'CMD',
    help: 'exec: CMD present|cleanup … as lego calls its exec provider, or as --hook-style says',
    kind: 'text',
    isRequired: true,
    check: checkedHook,
  },
  cleanupHook: {
    placeholder: 'CMD',
    help: 'exec: takes down what --hook put up (--hook-style certbot)',
    kind: 'text',
    check: checkedCleanupHook,
  },
  hookStyle: {
    placeholder: 'STYLE',
    help: `exec: ${hookStyleNames.join(', ')}`,
    kind: 'text',
    check: checkedStyle,
  },
  hookTimeout: {
    placeholder: 'DURATION',
    help: 'exec: how long a hook may take (default: 2m)',
    kind: 'duration',
    check: checkedTimeout,
  },
  hookConcurrency: {
    placeholder: 'N',
    help: 'exec: hooks at one time (default: 1)',
    kind: 'text-or-number',
    check: checkedCount,
  },
  ...visibilityOptions,
} as const;

/** What it must be is its style's to say: `hook-of-style.ts`. */
function checkedHook(given: string | undefined): string {
  const command = given?.trim() ?? '';
  if (command !== '') return command;
  throw usage('the solver exec needs --hook CMD', 'CMD is run as: CMD present|cleanup FQDN. VALUE');
}

function checkedCleanupHook(given: string | undefined, place: OptionPlace): string | null {
  const command = given?.trim() ?? '';
  return command === '' ? null : checkedCommand(command, place);
}

export function checkedCommand(
  command: string,
  { directory, look, flag }: Omit<OptionPlace, 'challenge'>,
  mayBeDirectory = false,
): string {
  if (look) assertTrustedHook(command, directory, flag);
  // Only a plain path can be checked; everything else is the shell's to understand.
  const program = /^[\w./+-]+(?=\s|$)/.exec(command)?.[0];
  if (program?.includes('/') !== true || !look) return command;
  const path = resolve(directory, program);
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw usage(
      `${flag}: there is no program ${path} that may be run`,
      `check the path; chmod +x ${shellWord(path)}`,
    );
  }
  if (statSync(path).isDirectory() && !mayBeDirectory)
    throw usage(`${flag}: ${path} is a directory`, 'give a command');
  return command;
}

function checkedStyle(given = 'lego'): HookStyleName {
  if (isHookStyle(given)) return given;
  const known = Object.entries(hookStyles).map(([name, { calls }]) => `${name} (${calls})`);
  throw usage(`--hook-style "${printable(given)}" isn't there`, `there is: ${known.join('; ')}`);
}

const maxSeconds = 86_400;

function checkedTimeout(given: string | undefined, { flag }: OptionPlace): number {
  if (given === undefined) return 120;
  const seconds = parseDuration(given, flag) / 1000;
  if (seconds >= 1 && seconds <= maxSeconds) return seconds;
  throw usage(`${flag} "${printable(given)}" isn't a duration from 1 s to a day`, 'as in 90s, 2m or 1h');
}

function checkedCount(given = '1'): number {
  const count = /^[0-9]{1,3}$/.test(given) ? Number(given) : Number.NaN;
  if (count >= 1 && count <= 100) return count;
  throw usage(
    `--hook-concurrency "${printable(given)}" isn't a number from 1 to 100`,
    'leave it at 1 unless the hook can run beside itself',
  );
}
