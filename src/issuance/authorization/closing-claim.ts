import { authorizationById } from '../../ledger/authorizations/authorizations.ts';
import { claimToClose, closingRunOf, releaseClaim } from '../../ledger/authorizations/closing-claims.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import { inTransaction } from '../../ledger/writer.ts';
import type { AccountRun } from '../account-run.ts';
import { type ProtectionOptions, protectionOf } from '../ownership/protection.ts';
import type { ClosingBudget } from './closing-budget.ts';
import { type Closing, heldBy } from './closing-outcome.ts';

/** The claim by which this run alone closes the authorization now, with the cost counted for its name. */
export interface Claim {
  counted: ClosingBudget['counted'];
  /** Gives the claim up when the authorization wasn't closed: any run may close it, and nothing was spent. */
  giveUp(): Promise<void>;
}

/**
 * Claims an authorization for this run to close, whatever others meet it meanwhile, and spends the cost: both
 * are in the ledger before anything is sent. A dead run's claim is taken over. A claim that is neither
 * followed by a final state nor given up belongs to a request whose answer was lost: it stays this run's,
 * with its cost, until this run ends.
 * @param spend counts the cost, in the ledger that it is given
 * @returns the claim, or the outcome when there is nothing to do, because others need the authorization or
 *   its time hasn't come
 */
export async function claimClosing(
  run: AccountRun,
  row: AuthorizationRow,
  protection: ProtectionOptions,
  spend: (run: AccountRun, row: AuthorizationRow) => Promise<ClosingBudget>,
): Promise<Claim | Closing> {
  const before = await closingRunOf(run.ledger, row.id);
  const held = await protectionOf(run, row, protection);
  if (held !== null) return heldBy(held);
  const budget = await inTransaction(run, async (writer) => {
    if (!(await claimToClose(writer, row.id, before))) return null;
    const spent = await spend({ ...run, ledger: writer.ledger }, row);
    if (spent.usedUp !== null) await releaseClaim(writer, row.id);
    return spent;
  });
  if (budget === null) return lostTo(run, row, protection);
  if (budget.usedUp !== null) {
    return { outcome: 'held', reason: budget.usedUp.reason, retryAt: budget.usedUp.until };
  }
  return {
    counted: budget.counted,
    giveUp: () =>
      inTransaction(run, async (writer) => {
        await budget.giveBack(writer);
        await releaseClaim(writer, row.id);
      }),
  };
}

/** The outcome when another run has claimed the authorization a moment earlier. */
async function lostTo(
  run: AccountRun,
  row: AuthorizationRow,
  protection: ProtectionOptions,
): Promise<Closing> {
  const now = await authorizationById(run.ledger, row.id);
  const isOver = now !== undefined && now.status !== 'pending';
  if (isOver) return { outcome: 'already-final', reason: 'another run has closed it' };
  return heldBy((await protectionOf(run, row, protection)) ?? { reason: 'it is being closed', run: null });
}
