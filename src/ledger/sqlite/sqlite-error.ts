import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { AcmeLedgerError, messageOf } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';

/**
 * An error of SQLite in words for the person who has to mend it (sqlite.org/rescode.html). `open`: before
 * anything was sent; `use`: in the middle of work, so that the exit code must not claim otherwise.
 */
export function sqliteError(error: unknown, file: string, when: 'open' | 'use'): AcmeLedgerError {
  if (error instanceof AcmeLedgerError) return error;
  const primary = primaryCode(error, file);
  const { message, hint } = describe(primary, printable(file), messageOf(error));
  const code = isLock(primary) ? 'ledger-busy' : when === 'open' ? 'ledger' : 'ledger-failed';
  return new AcmeLedgerError(code, message, { hint, cause: error });
}

/**
 * An error while the ledger in `file` was opened: before anything was sent, so it is never `ledger-failed`.
 */
export function sqliteOpeningError(error: unknown, file: string): AcmeLedgerError {
  if (error instanceof AcmeLedgerError && error.code !== 'ledger-failed') return error;
  if (error instanceof AcmeLedgerError) {
    return new AcmeLedgerError('ledger', error.message, { hint: error.hint ?? '', cause: error });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('SQLITE_')) return sqliteError(error, file, 'open');
  return new AcmeLedgerError('ledger', `the ledger ${file} can't be opened: ${messageOf(error)}`, {
    hint: 'check the owner and the permissions of the file and of its folder',
    cause: error,
  });
}

/** Whether SQLite says that there is no such table. */
export function isMissingTable(error: unknown): boolean {
  return messageOf(error).includes('no such table');
}

/**
 * Whether the error is a lock, which passes. `SQLITE_PROTOCOL`: so many processes want the lock of the log
 * that none gets on (sqlite.org/rescode.html#protocol).
 */
function isLock(primary: string): boolean {
  return ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL'].includes(primary);
}

/** Extended codes start with the primary one: SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT. */
function primaryCode(error: unknown, file: string): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  const primary = String(error.code).split('_').slice(0, 2).join('_');
  // Without room for its shared memory SQLite says that the database can't be opened, or that the disk fails.
  const mayBeFull = primary === 'SQLITE_IOERR' || primary === 'SQLITE_CANTOPEN';
  return mayBeFull && isFull(dirname(file)) ? 'SQLITE_FULL' : primary;
}

/** Less room than SQLite needs for one page of its shared memory and one of its log. */
const smallestRoomBytes = 64 * 1024;

function isFull(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < smallestRoomBytes;
  } catch {
    return false;
  }
}

function describe(code: string, file: string, message: string): { message: string; hint: string } {
  switch (code) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
    case 'SQLITE_PROTOCOL':
      return {
        message: `the ledger ${file} is locked by another process`,
        hint: `run the same again in a while; if it stays so, fuser -v ${shellWord(file)} shows who holds it: one that was stopped (T in the list of ps) goes on after kill -CONT with its number`,
      };
    case 'SQLITE_NOTADB':
    case 'SQLITE_CORRUPT':
      return {
        message: `the ledger ${file} is damaged or isn't a ledger: ${message}`,
        hint: 'put back a backup of it, or move it away: then acme-ledger starts a new one that knows nothing of what is open at the CA',
      };
    case 'SQLITE_FULL':
      return {
        message: `the disk under the ledger ${file} is full`,
        hint: `make room (df -h ${shellWord(dirname(file))}) and run the same again; nothing that is not written down was sent`,
      };
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return {
        message: `the ledger ${file} can't be written: ${message}`,
        hint: `check the owner and the permissions of the file and of its folder (ls -la ${shellWord(dirname(file))}), and whether the file system is read-only (findmnt -T ${shellWord(dirname(file))})`,
      };
    case 'SQLITE_IOERR':
      return {
        message: `the disk under the ledger ${file} fails: ${message}`,
        hint: `check the disk and its quota (dmesg | tail); then run the same again`,
      };
    default:
      return {
        message: `the ledger ${file}: ${message}`,
        hint: 'this looks like a bug: please report it with the message',
      };
  }
}
