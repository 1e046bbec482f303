import { AcmeLedgerError } from '../errors.ts';
import { accountAt, listAccounts } from '../ledger/accounts.ts';
import type { Ledger } from '../ledger/open.ts';
import type { AccountRow } from '../ledger/schema.ts';
import type { CommandContext } from './context.ts';

/** The account of an explicit `--ca`; null when none was given: then a list is over all of them. @throws AcmeLedgerError `not-found` */
export async function chosenAccount(context: CommandContext, ledger: Ledger): Promise<number | null> {
  if (!context.settings.caGiven) return null;
  const { authorityOf } = await import('../acme/known-authorities.ts');
  const authority = authorityOf(context.settings.ca);
  const account = await accountAt(ledger, authority.directoryUrl);
  if (account !== undefined) return account.id;
  throw new AcmeLedgerError('not-found', `the ledger has no account at ${authority.label}`, {
    hint: 'acme-ledger account list shows those that it has',
  });
}

/** The accounts that a command without an explicit `--ca` works on: all that are registered. */
export async function chosenAccounts(context: CommandContext, ledger: Ledger): Promise<AccountRow[]> {
  const chosen = await chosenAccount(context, ledger);
  const accounts = await listAccounts(ledger);
  return accounts.filter((account) => (chosen === null ? account.url !== null : account.id === chosen));
}
