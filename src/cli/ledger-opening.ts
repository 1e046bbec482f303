import { existsSync } from 'node:fs';
import type { Ledger } from '../ledger/open.ts';
import { openSqliteLedger } from '../ledger/open.ts';
import type { Settings } from './settings/settings.ts';

/** The ledger of the settings; made if it isn't there. @throws AcmeLedgerError `ledger`, `ledger-newer` */
export async function openLedger(settings: Settings): Promise<Ledger> {
  return openSqliteLedger(fileOf(settings));
}

export function ledgerExists(settings: Settings): boolean {
  return existsSync(fileOf(settings));
}

/** For commands that only read: `act` gets the ledger, and it is closed whatever happens. */
export async function withLedger<T>(settings: Settings, act: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openLedger(settings);
  try {
    return await act(ledger);
  } finally {
    await ledger.destroy();
  }
}

function fileOf({ ledgerUrl }: Settings): string {
  return ledgerUrl.slice('sqlite:'.length);
}
