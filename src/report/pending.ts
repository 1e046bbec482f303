import { type OpenName, openNames } from '../ledger/authorizations/pending-report.ts';
import { accountsAtCa } from '../run/accounts/chosen-account.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type PendingOrder, pendingComparisons } from './pending-order.ts';

/** A line of `authz report --json`. */
export type PendingName = OpenName & { ageSeconds: number };

/**
 * Pending authorizations, added up by name and client; of all accounts unless `--ca` is given. @throws
 * AcmeLedgerError `not-found`
 */
export async function pendingNames(context: CommandContext, order: PendingOrder): Promise<PendingName[]> {
  const names = await withLedger(context.settings, async (ledger) =>
    openNames(ledger, await accountsAtCa(context, ledger)),
  );
  const now = Date.now();
  return names.sort(pendingComparisons[order]).map((each) => ({
    ...each,
    ageSeconds: Math.max(0, Math.round((now - each.oldestAt.getTime()) / 1000)),
  }));
}
