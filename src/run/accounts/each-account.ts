import { authorityOf } from '../../acme/authorities/authorities.ts';
import { errorRecord } from '../../errors.ts';
import type { AccountRun } from '../../issuance/account-run.ts';
import { chosenAccounts } from './chosen-account.ts';
import type { CommandContext } from '../run-context.ts';
import { withLedger } from '../open-ledger.ts';
import { withAccountRun } from '../open-account.ts';

export interface AccountsRun {
  command: string;
  /** Requests at one time. */
  concurrency?: number;
  /** How long a request may wait for the time that the CA asked for. */
  patienceMs?: number;
  /** A dry run: no key is kept. */
  isDry?: boolean;
}

/**
 * Runs `act` for the accounts of `--ca`, or for every registered account of the ledger, one after the other.
 * @param act gets also the ids of all accounts that have their turn
 */
export async function eachAccount(
  context: CommandContext,
  run: AccountsRun,
  act: (run: AccountRun, turns: ReadonlySet<number>) => Promise<void>,
): Promise<void> {
  const accounts = await withLedger(context.settings, (ledger) => chosenAccounts(context, ledger));
  if (accounts.length === 0) {
    context.output.note(
      "the ledger has no account, so nothing was asked for; another client's is taken by --import-accounts CLIENT, or --account-key FILE --ca NAME|URL",
    );
  }
  const turns = new Set(accounts.map(({ id }) => id));
  await eachInTurn(
    context,
    accounts,
    ({ ca }) => ca,
    async (account) =>
      withAccountRun(
        context,
        authorityOf(account.ca),
        { ...run, mayRegister: false, account },
        (accountRun) => act(accountRun, turns),
      ),
  );
}

/**
 * Runs `act` for one CA after the other; a CA that is out of order doesn't keep the others from their turn.
 * @throws the first error, at the end
 */
export async function eachAuthority(
  context: CommandContext,
  authorities: Iterable<string>,
  act: (ca: string) => Promise<void>,
): Promise<void> {
  await eachInTurn(context, authorities, (ca) => ca, act);
}

async function eachInTurn<T>(
  context: CommandContext,
  items: Iterable<T>,
  caOf: (item: T) => string,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const failed: Promise<void>[] = [];
  for (const item of items) {
    if (context.stops.work.aborted) break;
    const done = act(item);
    await done.catch((error: unknown) => {
      // The first error is thrown, and the caller reports it.
      if (failed.push(done) > 1) {
        context.log.error({ ca: caOf(item), error: errorRecord(error) }, 'this CA was left out');
      }
    });
  }
  await failed[0];
}
