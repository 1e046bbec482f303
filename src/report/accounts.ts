import { authorityOf } from '../acme/authorities/authorities.ts';
import { AcmeLedgerError } from '../errors.ts';
import { accountAt, accountById, listAccounts } from '../ledger/accounts.ts';
import { printable } from '../printable.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type AccountJson, accountJson } from './ledger-json.ts';

/** The accounts of the ledger, or those at an explicit `--ca`. */
export async function allAccounts({ settings }: CommandContext): Promise<AccountJson[]> {
  const chosen = settings.caGiven ? authorityOf(settings.ca).directoryUrl : null;
  return withLedger(settings, async (ledger) => {
    const rows = (await listAccounts(ledger)).filter(({ ca }) => chosen === null || ca === chosen);
    return rows.map(accountJson);
  });
}

/**
 * One account.
 * @param key the account's number in the ledger; undefined for the account that orders are made on at `--ca`
 */
export async function oneAccount(
  { settings }: CommandContext,
  key: string | undefined,
): Promise<AccountJson> {
  const row = await withLedger(settings, (ledger) =>
    key === undefined
      ? accountAt(ledger, authorityOf(settings.ca).directoryUrl)
      : accountById(ledger, /^[0-9]+$/.test(key) ? Number(key) : 0),
  );
  if (row !== undefined) return accountJson(row);
  throw new AcmeLedgerError(
    'not-found',
    key === undefined
      ? `the ledger has no account at ${printable(settings.ca)}`
      : `the ledger has no account ${printable(key)}`,
    { hint: 'acme-ledger account list shows those that it has' },
  );
}
