import { accessSync, closeSync, constants, existsSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { AcmeLedgerError } from '../errors.ts';
import { type Distrust, distrustOf } from './file-trust.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';

/** Programs that read the script that is named behind them. */
const interpreters = new Set(
  'sh bash dash ash ksh zsh busybox python python3 perl ruby node php . source'.split(' '),
);
/** Programs that start the program that is named behind them. */
const starters = new Set('env exec nice ionice nohup setsid stdbuf sudo doas time'.split(' '));
/** The part of a script that is read for its first line. */
const startBytes = 512;

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
  for (const { word } of programsIn(command)) {
    const program = pathOf(word, directory, home);
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

/**
 * A word of the shell's without anything that it would expand; what such an expansion gives isn't known here.
 */
const wordAtStart = /^(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"$`\\;&|<>(){}*?[\]]+))(?=[\s;&|<>]|$)/;

/** A program that a command names by a path; `isRead`: by another program, which then is what runs. */
interface Named {
  word: string;
  isRead: boolean;
}

function* programsIn(command: string): Generator<Named> {
  let rest = command.trim();
  let isBehindRunner = false;
  let isRead = false;
  for (;;) {
    const found = wordAtStart.exec(rest);
    if (found === null) return;
    const word = found[1] ?? found[2] ?? found[3] ?? '';
    rest = rest.slice(found[0].length).trimStart();
    const isAside = /^[A-Za-z_]\w*=/.test(word) || (isBehindRunner && word.startsWith('-'));
    // The next word is a script and not a file.
    if (isBehindRunner && /^-\w*[ce]$/.test(word)) return;
    if (isAside) continue;
    if (word.includes('/')) yield { word, isRead };
    const name = word.slice(word.lastIndexOf('/') + 1);
    isRead = interpreters.has(name);
    isBehindRunner = isRead || starters.has(name);
    if (!isBehindRunner) return;
  }
}

/**
 * The fault of a failed hook's file, where that may be why it failed, and the command that mends it. A shell
 * says "not found" of a script whose first line ends in a carriage return, and reads a script without `#!`
 * itself (docs/decisions.md#a-hook-that-failed).
 */
export function hookFault(command: string, directory: string, home = process.env['HOME']): string | null {
  for (const { word, isRead } of programsIn(command)) {
    const fault = faultOf(pathOf(word, directory, home), isRead);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOf(program: string, isRead: boolean): string | null {
  const shown = printable(program);
  const start = startOf(program);
  if (start === null) return existsSync(program) ? null : `${shown} isn't there`;
  if (!isRead && !isExecutable(program)) return `${shown} isn't executable; chmod +x ${shellWord(shown)}`;
  if (/^[^\n]*\r\n/.test(start))
    return `${shown} has the line ends of Windows (CRLF); sed -i 's/\\r$//' ${shellWord(shown)} takes them away`;
  const interpreter = /^#! *(\/\S+)/.exec(start)?.[1];
  if (!isRead && interpreter !== undefined && !existsSync(interpreter))
    return `the first line of ${shown} names ${printable(interpreter)}, which isn't there`;
  const isScript = !start.includes('\0');
  if (!isRead && isScript && !start.startsWith('#!'))
    return `${shown} has no first line such as #!/bin/sh, so /bin/sh read it`;
  return null;
}

/** The start of a file; null where it can't be read, or is no file. */
function startOf(program: string): string | null {
  let file: number | null = null;
  try {
    file = openSync(program, 'r');
    const start = Buffer.alloc(startBytes);
    const length = readSync(file, start, 0, startBytes, 0);
    return start.toString('latin1', 0, length);
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}

function isExecutable(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function pathOf(word: string, directory: string, home: string | undefined): string {
  return resolve(directory, home === undefined ? word : word.replace(/^~(?=\/)/, home));
}
