import type { LedgerStore } from './ledger-store.ts';
import { sqliteStore } from './sqlite/sqlite-store.ts';
import { sqliteUrls } from './sqlite/sqlite-urls.ts';

/** The ledger of a checked URL (src/ledger/ledger-url.ts). The engine is chosen here. */
export function ledgerAt(url: string): LedgerStore {
  return sqliteStore(sqliteUrls.file(url));
}
