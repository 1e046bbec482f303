import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertStateDir } from '../certificates/state-dir.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { LedgerUnderCheck } from '../ledger/check/open-for-check.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { assertNotLost, openEmptyLedger, openSqliteLedger } from '../ledger/open.ts';
import { printable } from '../printable.ts';
import { ledgerFile } from '../settings/ledger-url.ts';
import type { Settings } from '../settings/settings.ts';

/** The ledger of the settings; made if it isn't there. @throws AcmeLedgerError `ledger`, `ledger-newer` */
export async function openLedger(settings: Settings, options = { toWrite: false }): Promise<Ledger> {
  return openSqliteLedger(ledgerFile(settings), options);
}

/** @throws AcmeLedgerError `ledger` when it isn't there, but was */
export function ledgerExists(settings: Settings): boolean {
  if (existsSync(ledgerFile(settings))) return true;
  assertNotLost(ledgerFile(settings));
  return false;
}

/**
 * For commands that ask no CA: `act` gets the ledger, and it is closed whatever happens. Where there is none yet it gets an
 * empty one that leaves no trace, so that a mistyped directory isn't made.
 */
export async function withLedger<T>(settings: Settings, act: (ledger: Ledger) => Promise<T>): Promise<T> {
  const isThere = ledgerExists(settings);
  if (!isThere) await assertNothingKept(settings);
  const ledger = await (isThere ? openLedger(settings) : openEmptyLedger());
  try {
    return await act(ledger);
  } finally {
    await ledger.destroy();
  }
}

/** The ledger as it was found. @throws AcmeLedgerError `not-found`, `ledger`, `ledger-newer` */
export async function openLedgerForCheck(settings: Settings): Promise<LedgerUnderCheck> {
  const file = ledgerFile(settings);
  if (!ledgerExists(settings)) {
    throw new AcmeLedgerError('not-found', `there is no ledger ${file}`, {
      hint: 'give the one that you mean with --state-dir DIR or --ledger sqlite:FILE; the first acme-ledger issue makes one',
    });
  }
  const { openForCheck } = await import('../ledger/check/open-for-check.ts');
  return openForCheck(file);
}

/** A renewal that finds no ledger where there are accounts would end well every day, until the certificates have ended. */
export async function assertNothingKept(settings: Settings): Promise<void> {
  await assertStateDir(settings.stateDir);
  const keys = await readdir(join(settings.stateDir, 'accounts')).catch(() => []);
  if (!keys.some((name) => name.endsWith('.pem'))) return;
  throw new AcmeLedgerError(
    'ledger',
    `the ledger ${printable(ledgerFile(settings))} isn't there, but ${printable(settings.stateDir)} holds accounts that one knew`,
    {
      hint: 'put a backup of it back; without one, acme-ledger issue begins a new ledger, which knows nothing of what is open at the CA or due',
    },
  );
}
