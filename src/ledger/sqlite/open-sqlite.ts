import { randomUUID } from 'node:crypto';
import { closeSync, linkSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectories } from '../../system/directories.ts';
import type { Ledger } from '../ledger.ts';
import { openMigrated } from '../migrations/migrate.ts';
import { sqliteOpeningError } from './sqlite-error.ts';
import { assertNotLost, assertWhole, exists } from './sqlite-file.ts';
import { sqliteEngine } from './sqlite.ts';

/**
 * Opens the SQLite ledger in `file`, made if it isn't there (its folder too, 0700), and brings it to this
 * version's schema.
 * @param options `toWrite`: also finds out whether the ledger can be written, so that a lock is noticed
 * before anything is sent
 * @throws AcmeLedgerError `ledger` (locked, damaged, no permission), `ledger-newer`
 */
export async function openSqliteLedger(file: string, options = { toWrite: false }): Promise<Ledger> {
  if (!exists(file)) {
    assertNotLost(file);
    await createLedger(file);
  }
  assertWhole(file);
  return openMigrated(sqliteEngine(file, options), file);
}

/** A ledger that holds nothing, in memory. */
export async function openEmptyLedger(): Promise<Ledger> {
  const nowhere = ':memory:';
  return openMigrated(sqliteEngine(nowhere), nowhere);
}

/** A new ledger appears complete or not at all, so that an empty file is always damage, never a beginning. */
async function createLedger(file: string): Promise<void> {
  const draft = `${file}.${randomUUID()}.new`;
  try {
    makeDirectories(dirname(file));
    closeSync(openSync(draft, 'wx', 0o600));
    const ledger = await openMigrated(sqliteEngine(draft), draft);
    await ledger.destroy();
    linkSync(draft, file);
  } catch (error) {
    // Another process was first: its ledger is as good.
    if (!exists(file)) throw sqliteOpeningError(error, file);
  } finally {
    if (exists(draft))
      for (const rest of [draft, `${draft}-wal`, `${draft}-shm`]) rmSync(rest, { force: true });
  }
}
