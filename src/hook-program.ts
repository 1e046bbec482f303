import { resolve } from 'node:path';
import { AcmeLedgerError } from './errors.ts';
import { type Distrust, distrustOf } from './file-trust.ts';
import { printable } from './printable.ts';

/** Programs that run the one that is named behind them. */
const runners = new Set(
  'sh bash dash ash ksh zsh busybox env exec nice ionice nohup setsid stdbuf sudo doas time python python3 perl ruby node php . source'.split(
    ' ',
  ),
);

/**
 * Looks whether somebody else than root and the user of this process can change the program that a hook is.
 * @param command a shell command: its first word is looked at where that is a path, and what is named behind a shell or the like
 * @returns null when nobody can, or the command doesn't say where the program is
 */
export function hookDistrust(
  command: string,
  directory: string,
  home = process.env['HOME'],
): (Distrust & { program: string }) | null {
  for (const word of programsIn(command)) {
    const program = resolve(directory, home === undefined ? word : word.replace(/^~(?=\/)/, home));
    const distrust = distrustOf(program);
    if (distrust !== null) return { ...distrust, program: printable(program) };
  }
  return null;
}

/** @throws AcmeLedgerError `usage` for a hook that others may change; it is looked at again each time before it is run */
export function assertTrustedHook(command: string, directory: string, flag: string): void {
  const distrust = hookDistrust(command, directory);
  if (distrust === null) return;
  const { program, reason, hint } = distrust;
  throw new AcmeLedgerError('usage', `${flag}: ${program} ${reason}`, { hint });
}

/** A word of the shell's without anything that it would expand; what it would isn't known here. */
const wordAtStart = /^(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"$`\\;&|<>(){}*?[\]]+))(?=[\s;&|<>]|$)/;

function* programsIn(command: string): Generator<string> {
  let rest = command.trim();
  let isBehindRunner = false;
  for (;;) {
    const found = wordAtStart.exec(rest);
    if (found === null) return;
    const word = found[1] ?? found[2] ?? found[3] ?? '';
    rest = rest.slice(found[0].length).trimStart();
    const isAside = /^[A-Za-z_]\w*=/.test(word) || (isBehindRunner && word.startsWith('-'));
    // What comes next is a script and not a file.
    if (isBehindRunner && /^-\w*[ce]$/.test(word)) return;
    if (isAside) continue;
    if (word.includes('/')) yield word;
    isBehindRunner = runners.has(word.slice(word.lastIndexOf('/') + 1));
    if (!isBehindRunner) return;
  }
}
