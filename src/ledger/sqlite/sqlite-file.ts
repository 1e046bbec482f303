import { closeSync, fstatSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failedWith } from '../../system/durable-file.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import { rescuedPrefix } from './ledger-files.ts';
import { sqliteOpeningError } from './sqlite-error.ts';

/* The file of a ledger, looked at before SQLite opens it: whether it is there, was lost, or is cut off. */

/** Whether there is such a file. @throws AcmeLedgerError `ledger` when that can't be found out */
export function exists(file: string): boolean {
  return sizeOf(file) !== undefined;
}

/**
 * Refuses to make a ledger where one was taken away: beside the place lies a log that would be mixed into the
 * new ledger, or the copy that a run saved.
 * @throws AcmeLedgerError `ledger`
 */
export function assertNotLost(file: string): void {
  const saved = savedCopies(file).sort().at(-1);
  if (saved === undefined && !hasWrittenAhead(file)) return;
  const shown = printable(file);
  throw new AcmeLedgerError(
    'ledger',
    `the ledger ${shown} isn't there, but what belongs to it is: it was deleted or moved away`,
    {
      hint:
        saved === undefined
          ? `put it or a backup back; to begin with one that knows nothing of what is open at the CA: rm ${shellWord(`${shown}-wal`)}`
          : `mv ${shellWord(printable(saved))} ${shellWord(shown)} puts back what a run saved of it; then acme-ledger authz clear`,
    },
  );
}

function savedCopies(file: string): string[] {
  const prefix = rescuedPrefix(file);
  try {
    const entries = readdirSync(dirname(file)).map((entry) => join(dirname(file), entry));
    return entries.filter((path) => path.startsWith(prefix));
  } catch {
    return []; // no folder, no copies
  }
}

/**
 * Refuses a cut-off file: SQLite notices it only when it needs a page that isn't there; the file's header
 * tells at once (sqlite.org/fileformat.html §1.3). @throws AcmeLedgerError `ledger`
 */
export function assertWhole(file: string): void {
  let seen = look(file);
  // Another process may bring its pages into the file between two looks; by the next look it has begun to or
  // is done.
  for (let looks = 1; !seen.isWhole && looks < 3; looks += 1) seen = look(file);
  if (seen.isWhole) return;
  throw new AcmeLedgerError(
    'ledger',
    `the ledger ${file} is ${seen.isDatabase ? 'cut off' : 'not a SQLite database'} (${String(seen.size)} bytes)`,
    {
      hint: 'put back a backup of it, or move it away: then acme-ledger starts a new one that knows nothing of what is open at the CA',
    },
  );
}

function look(file: string): { isWhole: boolean; isDatabase: boolean; size: number } {
  const mayMiss = hasWrittenAhead(file); // the missing pages may be in there
  const header = Buffer.alloc(100);
  const size = readHeader(file, header);
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const isDatabase = header.toString('latin1', 0, 15) === 'SQLite format 3';
  return { isWhole: mayMiss || (isDatabase && size >= pageSize * header.readUInt32BE(28)), isDatabase, size };
}

/** @returns the file's size */
function readHeader(file: string, header: Buffer): number {
  try {
    const handle = openSync(file, 'r');
    try {
      readSync(handle, header, 0, header.length, 0);
      return fstatSync(handle).size;
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw sqliteOpeningError(error, file);
  }
}

/**
 * The file's size in bytes, by one system call: the files beside a ledger come and go with the processes that
 * use it. Undefined when there is no such file.
 */
function sizeOf(file: string): number | undefined {
  try {
    return statSync(file).size;
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw sqliteOpeningError(error, file);
  }
}

/** Whether there are commits that aren't in the ledger's own file yet. */
function hasWrittenAhead(file: string): boolean {
  return (sizeOf(`${file}-wal`) ?? 0) > 0;
}
