import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';

/**
 * The home directory of this process's user: HOME, else what the system has of the user. Null for a user whom
 * the system doesn't know, as in a container that is run with another user id
 * (docs/decisions.md#an-empty-home).
 * @throws AcmeLedgerError `usage` for a HOME that is no absolute path: what is relative to it would come to
 *   lie anywhere
 */
export function homeDirectory(environment: NodeJS.ProcessEnv = process.env): string | null {
  const home = environment['HOME'];
  if (home !== undefined) {
    if (isAbsolute(home)) return home;
    throw new AcmeLedgerError(
      'usage',
      home === '' ? 'HOME is empty' : `HOME is "${printable(home)}", which is no absolute path`,
      { hint: 'set it to a directory, or leave it unset: env -u HOME acme-ledger …' },
    );
  }
  try {
    return homedir();
  } catch {
    return null;
  }
}

/**
 * A path as a person wrote it where no shell has read it: `~/` at its beginning is the home directory; what only a shell could replace is
 * refused, because a directory of that very name is never meant.
 * @param refuse makes the error, of what is wrong with the path and what to do
 */
export function pathAsMeant(path: string, refuse: (fault: string, hint: string) => Error): string {
  if (/\$(?:\w|\{)/.test(path)) {
    throw refuse(
      `holds a variable, which nothing replaces here: ${printable(path)}`,
      'write the path itself',
    );
  }
  if (!path.startsWith('~')) return path;
  if (path !== '~' && !path.startsWith('~/')) {
    throw refuse(
      `names the home of a user, whom nobody looks up: ${printable(path)}`,
      'write the path itself',
    );
  }
  const home = homeDirectory();
  if (home !== null) return `${home}${path.slice(1)}`;
  throw refuse(
    `begins with ~, and user ${String(process.geteuid?.())} has no home directory`,
    'write the path itself, or set HOME',
  );
}
