import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { Misplacement } from '../ledger-failure.ts';
import { shellWord } from '../../shell-word.ts';

/**
 * The names of an open ledger's files. SQLite goes on writing into files whose names were taken from them,
 * and nobody would ever find what it writes (sqlite.org/howtocorrupt.html §4.2).
 */
export interface LedgerFiles {
  /**
   * @throws AcmeLedgerError `ledger-failed` (see `isLedgerLost`) when a name doesn't lead to the file that
   * was opened any more
   */
  assertInPlace(): void;
}

/** The beginning of the names that `rescue` gives. */
export function rescuedPrefix(file: string): string {
  return `${file}.rescued-`;
}

/**
 * Remembers which files an open ledger has.
 * @param copyTo writes all that the ledger holds, from the open files, into an empty file
 */
export function holdFiles(file: string, copyTo: (path: string) => void): LedgerFiles {
  const held: HeldFile[] = sidecars(file).map((path) => ({ path, identity: identityOf(path) }));
  let rescued: string | null | undefined;
  return {
    assertInPlace() {
      const [ledger, ...others] = held.filter(isMisplaced);
      if (ledger === undefined) return;
      if (ledger.path !== file)
        throw lost(new Misplacement([ledger, ...others].map(({ path }) => path)), file);
      if (rescued === undefined) rescued = rescue(file, copyTo);
      if (rescued !== null) removeStale(held.filter((one) => one !== ledger && !others.includes(one)));
      throw lost(new Misplacement([file], identityOf(file) !== null, rescued), file);
    },
  };
}

interface HeldFile {
  path: string;
  /** Null before the file was there: a new ledger has the two beside it from its first transaction. */
  identity: Identity | null;
}

interface Identity {
  dev: bigint;
  ino: bigint;
}

function isMisplaced(one: HeldFile): boolean {
  const now = identityOf(one.path);
  one.identity ??= now;
  return one.identity?.ino !== now?.ino || one.identity?.dev !== now?.dev;
}

function sidecars(file: string): string[] {
  return [file, `${file}-wal`, `${file}-shm`];
}

/** Null when there is no such file. */
function identityOf(path: string): Identity | null {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}

/**
 * Saves all that the lost ledger held in a file beside its place, which can be put back. Null when there is
 * no room or no folder.
 */
function rescue(file: string, copyTo: (path: string) => void): string | null {
  const path = `${rescuedPrefix(file)}${new Date().toISOString().replace(/[-:.]/g, '')}-${String(process.pid)}`;
  try {
    closeSync(openSync(path, 'wx', 0o600));
    copyTo(path);
    return path;
  } catch {
    rmSync(path, { force: true });
    return null;
  }
}

/**
 * Removes files of the lost ledger: left there, they would be taken for those of the next file in the
 * ledger's place, and mixed into it.
 */
function removeStale(files: readonly HeldFile[]): void {
  for (const { path } of files) rmSync(path, { force: true });
}

function lost(cause: Misplacement, file: string): AcmeLedgerError {
  const shown = printable(file);
  if (!cause.paths.includes(file)) {
    const [first = ''] = cause.paths;
    return new AcmeLedgerError(
      'ledger-failed',
      `${printable(first)} was removed or replaced while the ledger was open`,
      {
        hint: `nothing more was written or asked of the CA; SQLite brings what was written into the ledger when this run ends: run the same again, and leave the files beside ${shown} alone`,
        cause,
      },
    );
  }
  const what = cause.isReplaced ? 'was replaced by another file' : 'was deleted or moved away';
  const copy = cause.rescued === null ? null : printable(cause.rescued);
  return new AcmeLedgerError(
    'ledger-failed',
    `the ledger ${shown} ${what} while this run was at work${copy === null ? '' : `; all that it held was saved as ${copy}`}`,
    {
      hint:
        copy === null
          ? 'put it or a backup back, when no acme-ledger is running; then acme-ledger authz sync'
          : `when no acme-ledger is running: mv ${shellWord(copy)} ${shellWord(shown)}; then acme-ledger authz clear`,
      cause,
    },
  );
}
