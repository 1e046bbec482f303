import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertStateDir } from '../certificates/state-dir.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerUnderCheck } from '../ledger/ledger-store.ts';
import { ledgerUrlForms } from '../ledger/ledger-url.ts';
import { ledgerAt } from '../ledger/open.ts';
import { printable } from '../printable.ts';
import type { Settings } from '../settings/settings.ts';

/** The ledger of the settings; made if it isn't there. @throws AcmeLedgerError `ledger`, `ledger-newer` */
export async function openLedger(settings: Settings, options = { toWrite: false }): Promise<Ledger> {
  return ledgerAt(settings.ledgerUrl).open(options);
}

/** @throws AcmeLedgerError `ledger` when the ledger isn't there, but was */
export async function ledgerExists(settings: Settings): Promise<boolean> {
  return ledgerAt(settings.ledgerUrl).exists();
}

/**
 * For commands that ask no CA: `act` gets the ledger, which is closed whatever happens. Where there is none
 * yet, `act` gets an empty ledger that leaves no trace, so that a mistyped directory isn't made.
 */
export async function withLedger<T>(settings: Settings, act: (ledger: Ledger) => Promise<T>): Promise<T> {
  if (!(await ledgerExists(settings))) {
    await assertNothingKept(settings);
    return withEmptyLedger(settings, act);
  }
  return closedAfter(await openLedger(settings), act);
}

/** `act` gets a ledger that holds nothing and leaves no trace, for a plan where there is no ledger yet. */
export async function withEmptyLedger<T>(
  settings: Settings,
  act: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  return closedAfter(await ledgerAt(settings.ledgerUrl).openEmpty(), act);
}

async function closedAfter<T>(ledger: Ledger, act: (ledger: Ledger) => Promise<T>): Promise<T> {
  try {
    return await act(ledger);
  } finally {
    await ledger.destroy();
  }
}

/** The ledger as it was found. @throws AcmeLedgerError `not-found`, `ledger`, `ledger-newer` */
export async function openLedgerForCheck(settings: Settings): Promise<LedgerUnderCheck> {
  const store = ledgerAt(settings.ledgerUrl);
  if (await store.exists()) return store.openForCheck();
  throw new AcmeLedgerError('not-found', `there is no ledger ${store.place}`, {
    hint: `give the one that you mean with --state-dir DIR or --ledger ${ledgerUrlForms}; the first acme-ledger issue makes one`,
  });
}

/**
 * Refuses a missing ledger beside account keys: a renewal without its ledger would end well every day, until
 * the certificates have ended.
 */
export async function assertNothingKept(settings: Settings): Promise<void> {
  await assertStateDir(settings.stateDir);
  const keys = await readdir(join(settings.stateDir, 'accounts')).catch(() => []);
  if (!keys.some((name) => name.endsWith('.pem'))) return;
  throw new AcmeLedgerError(
    'ledger',
    `the ledger ${printable(ledgerAt(settings.ledgerUrl).place)} isn't there, but ${printable(settings.stateDir)} holds accounts that one knew`,
    {
      hint: 'put a backup of it back; without one, acme-ledger issue begins a new ledger, which knows nothing of what is open at the CA or due',
    },
  );
}
