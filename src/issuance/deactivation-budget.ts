import { nameProven } from '../ledger/authorizations.ts';
import { countFailure, uncountFailure } from '../ledger/failure-counts.ts';
import { accountScope, bucketWord, storedBuckets } from '../ledger/limit-buckets.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import { inTransaction } from '../ledger/writer.ts';
import { later } from '../clock.ts';
import { fullBucket, waitMs } from '../token-bucket.ts';
import type { Issuance } from './issuance.ts';

/** What a deactivation costs a name at a CA that counts it as a failed validation. */
export interface DeactivationBudget {
  /** A sentence, when the name has no failure left to give: the authorization is to be left alone. Nothing is spent then. */
  usedUp: string | null;
  /** For what is recorded of it: it isn't to be counted twice. */
  counted: { isCounted?: true };
  /** It wasn't deactivated. */
  giveBack(): Promise<void>;
}

/**
 * Spends a failed validation of the authorization's name before it is deactivated. The last one isn't spent: with none left, no order with
 * the name is let through, whatever it may be needed for.
 */
export async function spendDeactivation(
  issuance: Issuance,
  row: AuthorizationRow,
): Promise<DeactivationBudget> {
  const { limits, account } = issuance;
  const allowance = limits?.allowances['failed-authorizations'] ?? null;
  const name = nameProven(row);
  if (limits?.countsDeactivations !== true || allowance === null || name === null) return free;
  return inTransaction(issuance, async (writer) => {
    const key = { scope: accountScope(account.id), limit: 'failed-authorizations', subject: name } as const;
    const now = writer.clock.now();
    const stored = await storedBuckets(writer.ledger, now, [key.scope], [name]);
    const bucket = stored.get(bucketWord(key))?.bucket ?? fullBucket(allowance);
    const wait = waitMs(bucket, now.getTime(), Math.min(2, allowance.max));
    if (wait > 0) {
      const at = later(now, wait).toISOString();
      const usedUp = `to deactivate it counts as a failed validation of ${name} at the CA, and they are used up until ${at}`;
      return { ...free, usedUp };
    }
    await countFailure(writer, account.id, name);
    return {
      usedUp: null,
      counted: { isCounted: true },
      giveBack: () => uncountFailure(issuance, account.id, name),
    };
  });
}

const free: DeactivationBudget = { usedUp: null, counted: {}, giveBack: () => Promise.resolve() };
