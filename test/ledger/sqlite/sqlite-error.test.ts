import { expect, it } from 'vitest';
import { AcmeLedgerError, exitCodeOf } from '../../../src/errors.ts';
import { sqliteError } from '../../../src/ledger/sqlite/sqlite-error.ts';

it.each([
  ['SQLITE_NOTADB', /isn't a ledger/, /backup/],
  ['SQLITE_CORRUPT_INDEX', /is damaged/, /backup/],
  ['SQLITE_FULL', /disk under the ledger .* is full/, /make room/],
  ['SQLITE_READONLY_DBMOVED', /can't be written/, /permissions/],
  ['SQLITE_CANTOPEN', /can't be written/, /permissions/],
  ['SQLITE_PERM', /can't be written/, /permissions/],
  ['SQLITE_IOERR_FSYNC', /disk under the ledger .* fails/, /disk/],
  ['SQLITE_MISUSE', /what SQLite said/, /report/],
])('%s is told in words that help: before the work as 2, in its middle as 1', (code, message, hint) => {
  const error = Object.assign(new Error('what SQLite said'), { code });
  const opening = sqliteError(error, '/var/ledger.sqlite', 'open');
  expect(opening).toMatchObject({ code: 'ledger', message, hint, cause: error });
  expect(opening.message).toContain('/var/ledger.sqlite');
  expect(sqliteError(error, '/var/ledger.sqlite', 'use')).toMatchObject({ code: 'ledger-failed', message });
});

it.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED_SHAREDCACHE', 'SQLITE_PROTOCOL'])(
  '%s is "not now", before the work and in its middle',
  (code) => {
    const error = Object.assign(new Error('what SQLite said'), { code });
    for (const when of ['open', 'use'] as const) {
      const told = sqliteError(error, '/var/ledger.sqlite', when);
      expect(told).toMatchObject({
        code: 'ledger-busy',
        message: /locked by another process/,
        hint: /fuser/,
      });
      expect(exitCodeOf(told)).toBe(75);
    }
  },
);

it('an error of ours stays what it is', () => {
  const ours = new AcmeLedgerError('busy', 'another run');
  expect(sqliteError(ours, 'file', 'use')).toBe(ours);
});
