import { AcmeLedgerError } from '../../errors.ts';
import { lossRecorded } from '../../issuance/account/lost-account.ts';
import { listAccounts } from '../../ledger/accounts.ts';
import { isLost } from '../../ledger/states.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { AccountRow } from '../../ledger/schema.ts';
import type { CommandContext } from '../run-context.ts';

/**
 * The accounts at an explicit `--ca`, those for clean-up included; null when no CA was given: a list is over
 * all accounts then.
 * @throws AcmeLedgerError `not-found`
 */
export async function accountsAtCa(context: CommandContext, ledger: Ledger): Promise<number[] | null> {
  const rows = await rowsAtCa(context, ledger);
  return rows === null ? null : rows.map(({ id }) => id);
}

/**
 * The accounts that a clean-up command works on: all that are registered and in use, or those at `--ca`.
 * @throws AcmeLedgerError `ca-account`
 */
export async function chosenAccounts(context: CommandContext, ledger: Ledger): Promise<AccountRow[]> {
  const atCa = await rowsAtCa(context, ledger);
  const inUse = (atCa ?? (await listAccounts(ledger))).filter((row) => !isLost(row));
  const [lost] = atCa?.toReversed() ?? [];
  const loss = inUse.length > 0 || lost === undefined ? null : lossRecorded(lost);
  if (loss !== null) throw loss;
  const registered = inUse.filter(({ url }) => url !== null);
  // The last account, whose registration was never answered: the code that opens it looks whether the CA has
  // it.
  return registered.length === 0 && atCa !== null ? inUse.slice(-1) : registered;
}

async function rowsAtCa({ settings }: CommandContext, ledger: Ledger): Promise<AccountRow[] | null> {
  if (!settings.caGiven) return null;
  const { authorityOf } = await import('../../acme/authorities/authorities.ts');
  const authority = authorityOf(settings.ca);
  const rows = (await listAccounts(ledger)).filter(({ ca }) => ca === authority.directoryUrl);
  if (rows.length > 0) return rows;
  throw new AcmeLedgerError('not-found', `the ledger has no account at ${authority.label}`, {
    hint: 'acme-ledger account list shows those that it has',
  });
}
