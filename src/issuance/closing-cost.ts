import { later } from '../clock.ts';
import { accountScope, bucketWord, storedBuckets } from '../ledger/limit-buckets.ts';
import { fullBucket, usedOf, waitMs } from '../token-bucket.ts';
import type { ClearMethod } from './clearing-one.ts';
import type { Issuance } from './issuance.ts';

/** What it takes to close so many authorizations of one account. */
export interface ClosingCost {
  requests: number;
  /** As many failed validations are counted by the CA; 0 where it doesn't count them, as far as is known. */
  failedValidations: number;
  /** Names that don't have as many left: what is closed now, and when the last can be. */
  later: { name: string; pending: number; now: number; doneAt: string }[];
}

/** @param pendingByName how many there are to close of each name, wildcards with `*.` */
export async function costOfClosing(
  { ledger, account, clock, limits }: Issuance,
  pendingByName: ReadonlyMap<string, number>,
  method: ClearMethod,
): Promise<ClosingCost> {
  const requests = [...pendingByName.values()].reduce((sum, count) => sum + count, 0);
  const allowance = limits?.allowances['failed-authorizations'] ?? null;
  const isCounted = method === 'submit' || limits?.countsDeactivations === true;
  if (allowance === null || !isCounted) return { requests, failedValidations: 0, later: [] };
  const scope = accountScope(account.id);
  const now = clock.now();
  const stored = await storedBuckets(ledger, now, [scope], [...pendingByName.keys()]);
  const cost: ClosingCost = { requests, failedValidations: requests, later: [] };
  for (const [name, pending] of pendingByName) {
    const key = bucketWord({ scope, limit: 'failed-authorizations', subject: name });
    const bucket = stored.get(key)?.bucket ?? fullBucket(allowance);
    // One is left, or no order with the name is let through.
    const spendable = Math.max(0, bucket.allowance.max - usedOf(bucket, now.getTime()) - 1);
    if (spendable >= pending) continue;
    const doneAt = later(now, waitMs(bucket, now.getTime(), pending + 1)).toISOString();
    cost.later.push({ name, pending, now: spendable, doneAt });
  }
  return cost;
}
