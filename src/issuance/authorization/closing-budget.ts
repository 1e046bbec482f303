import { nameProven } from '../../ledger/authorizations/authorizations.ts';
import { countFailure, uncountFailure } from '../../ledger/limits/failure-counts.ts';
import { accountScope, bucketWord, storedBuckets } from '../../ledger/limits/limit-buckets.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import { type LedgerWriter, inTransaction } from '../../ledger/writer.ts';
import { later, timeText } from '../../clock.ts';
import type { CaLimits } from '../../ca-limits.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { type Bucket, fullBucket, waitMs } from '../../token-bucket.ts';
import type { AccountRun } from '../account-run.ts';

/** The cost for a name of closing an authorization, at a CA that counts that as a failed validation. */
export interface ClosingBudget {
  /** Set when the name has no failure left to give: nothing is spent, and the authorization is left alone. */
  usedUp: { reason: string; until: Date } | null;
  /** Marks the record of the closed authorization, so that its failure isn't counted twice. */
  counted: { isCounted?: true };
  /** Gives the cost back when the authorization wasn't closed. */
  giveBack(writer: LedgerWriter): Promise<void>;
}

/** Spends the cost of deactivating an authorization, before it is deactivated. */
export async function spendDeactivation(run: AccountRun, row: AuthorizationRow): Promise<ClosingBudget> {
  return run.limits?.countsDeactivations === true
    ? spendFailure(run, row, 'to deactivate it counts as')
    : free;
}

/** Spends the failed validation that a challenge which nobody answers ends in. */
export async function spendSubmission(run: AccountRun, row: AuthorizationRow): Promise<ClosingBudget> {
  return spendFailure(run, row, 'to submit its challenge is');
}

/**
 * Spends a failed validation of the name, but not the last: with none left, no order with the name is let
 * through, whatever it may be needed for.
 */
async function spendFailure(run: AccountRun, row: AuthorizationRow, what: string): Promise<ClosingBudget> {
  const { limits, account } = run;
  const name = nameProven(row);
  if (limits === undefined || name === null) return free;
  return inTransaction(run, async (writer) => {
    const now = writer.clock.now();
    const buckets = await failureBucketsOf(writer.ledger, now, {
      limits,
      accountId: account.id,
      names: [name],
    });
    if (buckets === null) return free;
    const wait = Math.max(
      ...buckets(name).map((bucket) => waitMs(bucket, now.getTime(), Math.min(2, bucket.allowance.max))),
    );
    if (wait > 0) {
      const until = later(now, wait);
      const reason = `${what} a failed validation of ${name} at the CA, and they are used up until ${timeText(until)}`;
      return { ...free, usedUp: { reason, until } };
    }
    await countFailure(writer, account.id, name);
    return {
      usedUp: null,
      counted: { isCounted: true },
      giveBack: (later) => uncountFailure(later, account.id, name),
    };
  });
}

/**
 * The failed validations that an account's names have left, by each limit on them: so many in a time, and so
 * many in a row.
 * @returns null where the CA has no such limit, as far as is known
 */
export async function failureBucketsOf(
  ledger: Ledger,
  now: Date,
  { limits, accountId, names }: { limits: CaLimits; accountId: number; names: readonly string[] },
): Promise<((name: string) => Bucket[]) | null> {
  const known = (['failed-authorizations', 'failures-in-a-row'] as const).flatMap((limit) => {
    const allowance = limits.allowances[limit];
    return allowance === null ? [] : [{ limit, allowance }];
  });
  if (known.length === 0) return null;
  const scope = accountScope(accountId);
  const stored = await storedBuckets(ledger, now, [scope], names);
  return (subject) =>
    known.map(
      ({ limit, allowance }) =>
        stored.get(bucketWord({ scope, limit, subject }))?.bucket ?? fullBucket(allowance),
    );
}

const free: ClosingBudget = { usedUp: null, counted: {}, giveBack: () => Promise.resolve() };
