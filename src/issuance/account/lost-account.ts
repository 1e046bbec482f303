import type { AccountLoss } from '../../acme/objects/account-loss.ts';
import { authorityOf } from '../../acme/authorities/authorities.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { lostAccountsAt } from '../../ledger/accounts.ts';
import { isLost } from '../../ledger/states.ts';
import { openNames } from '../../ledger/authorizations/pending-report.ts';
import { unsettledOrders } from '../../ledger/orders/unsettled-orders.ts';
import { releaseOrder } from '../../ledger/orders/orders.ts';
import type { AccountRow } from '../../ledger/schema.ts';
import { shellWord } from '../../shell-word.ts';
import type { AccountRun } from '../account-run.ts';
import { cleanUpPresentations } from '../answers/take-down.ts';
import { takeOverUnlessAlive } from '../ownership/taking-over.ts';

/** The error when an account can't be used any more, by the CA's word just now or by the ledger's. */
export function lostAccountError(
  { ca, url }: Pick<AccountRow, 'ca' | 'url'>,
  loss: AccountLoss,
  refusal?: AcmeLedgerError,
): AcmeLedgerError {
  const authority = authorityOf(ca);
  const what = loss === 'unknown' ? "doesn't know the account" : 'has deactivated the account';
  return new AcmeLedgerError(
    'ca-account',
    `${authority.label} ${what} ${url ?? 'of this key'}: nothing can be ordered or closed on it any more`,
    {
      hint: `acme-ledger account register --ca ${shellWord(authority.name ?? ca)} makes a new account with a new key, on which renew goes on`,
      ...(refusal?.problem === undefined ? {} : { problem: refusal.problem }),
      ...(refusal?.httpStatus === undefined ? {} : { httpStatus: refusal.httpStatus }),
      ...(refusal === undefined ? {} : { cause: refusal }),
    },
  );
}

/** The error for an account that is lost as far as the ledger knows; null for an account that can be used. */
export function lossRecorded(account: AccountRow): AcmeLedgerError | null {
  if (!isLost(account)) return null;
  return lostAccountError(account, account.status === 'unknown' ? 'unknown' : 'deactivated');
}

/** The authorizations that were open on a lost account: they end by expiring. */
export interface LeftOpen {
  account: AccountRow;
  pending: number;
  /** When the last authorization has expired; null where the CA told no time. */
  expiresUntil: Date | null;
}

/**
 * Gives up the orders of the lost accounts at this CA, because nobody can go on with them: answers that are
 * up are taken down, and orders are abandoned. Their authorizations stay in the ledger as the CA last showed
 * them, until they expire.
 */
export async function giveUpLostAccounts(run: AccountRun): Promise<LeftOpen[]> {
  const left: LeftOpen[] = [];
  for (const account of await lostAccountsAt(run.ledger, run.account.ca)) {
    const now = run.clock.now();
    for (const order of await unsettledOrders(run.ledger, account.id, now)) {
      if (!(await takeOverUnlessAlive(run, order))) continue;
      await cleanUpPresentations(run, order.id);
      await releaseOrder(run, order.id, { status: 'abandoned', keptUntil: null });
    }
    const open = await openNames(run.ledger, [account.id]);
    const pending = open.reduce((sum, name) => sum + name.pending, 0);
    const expiries = open.flatMap(({ expiresUntil }) => expiresUntil?.getTime() ?? []);
    const expiresUntil = expiries.length === 0 ? null : new Date(Math.max(...expiries));
    if (pending > 0) left.push({ account, pending, expiresUntil });
  }
  return left;
}
