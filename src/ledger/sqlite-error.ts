import { AcmeLedgerError, messageOf } from '../errors.ts';

/**
 * An error of SQLite in the words of somebody who has to mend it (sqlite.org/rescode.html).
 * `open`: before anything was sent; `use`: in the middle of work, so that the exit code must not claim otherwise.
 */
export function sqliteError(error: unknown, file: string, when: 'open' | 'use'): AcmeLedgerError {
  if (error instanceof AcmeLedgerError) return error;
  const { message, hint } = describe(sqliteCode(error), file, messageOf(error));
  return new AcmeLedgerError(when === 'open' ? 'ledger' : 'ledger-failed', message, { hint, cause: error });
}

function sqliteCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return String(error.code);
}

function describe(code: string, file: string, message: string): { message: string; hint: string } {
  // Extended codes start with the primary one: SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT.
  const primary = code.split('_').slice(0, 2).join('_');
  switch (primary) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return {
        message: `the ledger ${file} is locked by another process`,
        hint: 'find who holds it (fuser FILE) and try again; acme-ledger itself never holds it for longer than a moment',
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
        hint: 'make room; nothing that is not written down was sent',
      };
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return {
        message: `the ledger ${file} can't be opened for writing: ${message}`,
        hint: 'check the owner and the permissions of the file and of its folder',
      };
    case 'SQLITE_IOERR':
      return { message: `the disk under the ledger ${file} fails: ${message}`, hint: 'check the disk' };
    default:
      return {
        message: `the ledger ${file}: ${message}`,
        hint: 'this looks like a bug: please report it with the message',
      };
  }
}
