import { authorityOf } from '../acme/known-authorities.ts';
import { errorRecord } from '../errors.ts';
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
  await eachAuthority(context, new Set(accounts.map((account) => account.ca)), async (ca) =>
    withIssuance(context, authorityOf(ca), { command, mayRegister: false }, act),
  );
}

/** One CA after the other; one that is out of order doesn't keep the others from their turn. @throws the first error, at the end */
export async function eachAuthority(
  context: CommandContext,
  authorities: Iterable<string>,
  act: (ca: string) => Promise<void>,
): Promise<void> {
  const failed: Promise<void>[] = [];
  for (const ca of authorities) {
    if (context.stops.work.aborted) break;
    const done = act(ca);
    await done.catch((error: unknown) => {
      // The first one is thrown, and told of by whoever catches it.
      if (failed.push(done) > 1) context.log.error({ ca, error: errorRecord(error) }, 'this CA was left out');
    });
  }
  await failed[0];
}
