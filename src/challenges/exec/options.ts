import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDuration } from '../../duration.ts';
import { assertTrustedHook } from '../../system/hook-program.ts';
import { printable } from '../../printable.ts';
import { flagOf, usage, type SolverOptions } from '../option-fields.ts';
import type { ExecSettings } from '../settings.ts';
import { parseServerAddress } from '../../system/socket-address.ts';
import { shellWord } from '../../shell-word.ts';

/** The settings of the solver exec. `directory` is where the hook runs; `look`: whether it is there. @throws AcmeLedgerError `usage` */
export function execSettingsOf(
  options: SolverOptions,
  challenge: ExecSettings['challenge'],
  directory: string,
  look: boolean,
): ExecSettings {
  return {
    solver: 'exec',
    challenge,
    hook: hookOf(options, directory, look),
    hookDirectory: directory,
    hookStyle: hookStyleOf(options),
    hookTimeoutSeconds: secondsOf(options, 'hookTimeout', { byDefault: 120, min: 1 }),
    hookConcurrency: countOf(options),
    // As long as lego waits: EXEC_PROPAGATION_TIMEOUT of its exec provider.
    propagationTimeoutSeconds: secondsOf(options, 'propagationTimeout', { byDefault: 60, min: 0 }),
    resolver: resolverOf(options),
  };
}

function hookOf({ hook }: SolverOptions, directory: string, look: boolean): string {
  const command = hook?.trim() ?? '';
  if (command === '')
    throw usage('the solver exec needs --hook CMD', 'CMD is run as: CMD present|cleanup FQDN. VALUE');
  if (look) assertTrustedHook(command, directory, '--hook');
  // Only a plain path can be checked; everything else is the shell's to understand.
  const program = /^[\w./+-]+(?=\s|$)/.exec(command)?.[0];
  if (program?.includes('/') !== true || !look) return command;
  const path = resolve(directory, program);
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw usage(
      `--hook: there is no program ${path} that may be run`,
      `check the path; chmod +x ${shellWord(path)}`,
    );
  }
  if (statSync(path).isDirectory()) throw usage(`--hook: ${path} is a directory`, 'give a command');
  return command;
}

function hookStyleOf({ hookStyle }: SolverOptions): 'lego' {
  if (hookStyle === undefined || hookStyle === 'lego') return 'lego';
  throw usage(
    `--hook-style "${printable(hookStyle)}" isn't there`,
    'there is: lego (CMD present|cleanup FQDN. VALUE for dns-01, CMD present|cleanup DOMAIN TOKEN KEYAUTH for http-01)',
  );
}

const maxSeconds = 86_400;

function secondsOf(
  options: SolverOptions,
  name: 'hookTimeout' | 'propagationTimeout',
  { byDefault, min }: { byDefault: number; min: number },
): number {
  const given = options[name];
  if (given === undefined) return byDefault;
  const seconds = parseDuration(String(given), flagOf(name)) / 1000;
  if (seconds >= min && seconds <= maxSeconds) return seconds;
  throw usage(
    `${flagOf(name)} "${printable(String(given))}" isn't a duration from ${String(min)} s to a day`,
    'as in 90, 90s, 2m or 1h',
  );
}

function countOf({ hookConcurrency = 1 }: SolverOptions): number {
  const count = /^[0-9]{1,3}$/.test(String(hookConcurrency)) ? Number(hookConcurrency) : Number.NaN;
  if (count >= 1 && count <= 100) return count;
  throw usage(
    `--hook-concurrency "${printable(String(hookConcurrency))}" isn't a number from 1 to 100`,
    'leave it at 1 unless the hook can run beside itself',
  );
}

function resolverOf({ resolver }: SolverOptions): string | null {
  if (resolver === undefined) return null;
  const address = parseServerAddress(resolver, 53);
  if (address !== null) return address;
  throw usage(
    `--resolver "${printable(resolver)}" isn't ADDR[:PORT]`,
    'give the IP address of a name server, as in 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53',
  );
}
