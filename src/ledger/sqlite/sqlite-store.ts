import { join } from 'node:path';
import { sql } from 'kysely';
import type { Ledger } from '../ledger.ts';
import type { LedgerStore } from '../ledger-store.ts';
import { openForCheck } from './open-for-check.ts';
import { openEmptyLedger, openSqliteLedger } from './open-sqlite.ts';
import { assertNotLost, exists } from './sqlite-file.ts';
import { sqliteUrls } from './sqlite-urls.ts';

/** The ledger in a SQLite file. */
export function sqliteStore(file: string): LedgerStore {
  return {
    place: file,
    async exists() {
      const isThere = await Promise.resolve(exists(file));
      if (!isThere) assertNotLost(file);
      return isThere;
    },
    open: (options) => openSqliteLedger(file, options),
    openEmpty: openEmptyLedger,
    openForCheck: () => openForCheck(file),
    copy: async (ledger, folder) => {
      const copy = join(folder, 'ledger.sqlite');
      await copyInto(ledger, copy);
      return sqliteUrls.of(copy);
    },
  };
}

/** @throws AcmeLedgerError `ledger-failed` */
async function copyInto(ledger: Ledger, file: string): Promise<void> {
  await sql`vacuum into ${file}`.execute(ledger);
}
