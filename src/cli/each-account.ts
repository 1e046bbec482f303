import { authorityOf } from '../acme/known-authorities.ts';
import type { Issuance } from '../issuance/issuance.ts';
import { chosenAccounts } from './chosen-account.ts';
import type { CommandContext } from './context.ts';
import { withLedger } from './ledger-opening.ts';
import { withIssuance } from './opening.ts';

/** Runs `act` for the account of `--ca`, or for every registered account of the ledger, one after the other. */
export async function eachAccount(
  context: CommandContext,
  command: string,
  act: (issuance: Issuance) => Promise<void>,
): Promise<void> {
  const accounts = await withLedger(context.settings, (ledger) => chosenAccounts(context, ledger));
  for (const ca of new Set(accounts.map((account) => account.ca))) {
    if (context.stops.work.aborted) return;
    await withIssuance(context, authorityOf(ca), { command, mayRegister: false }, act);
  }
}
