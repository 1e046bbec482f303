import { existsSync } from 'node:fs';
import { assertStateDir } from '../certificates/state-dir.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { LedgerUnderCheck } from '../ledger/checks/open-for-check.ts';
import type { Ledger } from '../ledger/open.ts';
import { openEmptyLedger, openSqliteLedger } from '../ledger/open.ts';
import type { Settings } from './settings/settings.ts';

/** The ledger of the settings; made if it isn't there. @throws AcmeLedgerError `ledger`, `ledger-newer` */
export async function openLedger(settings: Settings, options = { toWrite: false }): Promise<Ledger> {
  return openSqliteLedger(fileOf(settings), options);
}

export function ledgerExists(settings: Settings): boolean {
  return existsSync(fileOf(settings));
}

/**
 * For commands that ask no CA: `act` gets the ledger, and it is closed whatever happens. Where there is none yet it gets an
 * empty one that leaves no trace, so that a mistyped directory isn't made.
 */
export async function withLedger<T>(settings: Settings, act: (ledger: Ledger) => Promise<T>): Promise<T> {
  if (!ledgerExists(settings)) await assertStateDir(settings.stateDir);
  const ledger = await (ledgerExists(settings) ? openLedger(settings) : openEmptyLedger());
  try {
    return await act(ledger);
  } finally {
    await ledger.destroy();
  }
}

/** The ledger as it was found. @throws AcmeLedgerError `not-found`, `ledger`, `ledger-newer` */
export async function openLedgerForCheck(settings: Settings): Promise<LedgerUnderCheck> {
  const file = fileOf(settings);
  if (!existsSync(file)) {
    throw new AcmeLedgerError('not-found', `there is no ledger ${file}`, {
      hint: 'give the one that you mean with --state-dir DIR or --ledger sqlite:FILE; the first acme-ledger issue makes one',
    });
  }
  const { openForCheck } = await import('../ledger/checks/open-for-check.ts');
  return openForCheck(file);
}

function fileOf({ ledgerUrl }: Settings): string {
  return ledgerUrl.slice('sqlite:'.length);
}
