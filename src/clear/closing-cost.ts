import { later } from '../clock.ts';
import { type Bucket, usedOf, waitMs } from '../token-bucket.ts';
import type { ClearMethod } from './clear-method.ts';
import { failureBucketsOf } from '../issuance/authorization/closing-budget.ts';
import type { AccountRun } from '../issuance/account-run.ts';

/** The cost of closing so many authorizations of one account. */
export interface ClosingCost {
  authorizations: number;
  /**
   * At least: a submission and one look at its verdict each, and more looks where that takes the CA its time.
   */
  requests: number;
  /**
   * How many failed validations the CA counts. Few CAs count deactivations: 0 where the CA isn't known to.
   * Each submission ends in a failed validation, wherever those are counted.
   */
  failedValidations: number;
  /**
   * Names that have fewer failed validations left than that: how many authorizations are closed now, and when
   * the last can be.
   */
  later: { name: string; pending: number; now: number; doneAt: Date }[];
}

/** @param pendingByName how many authorizations there are to close of each name, wildcards with `*.` */
export async function costOfClosing(
  { ledger, account, clock, limits }: AccountRun,
  pendingByName: ReadonlyMap<string, number>,
  method: ClearMethod,
): Promise<ClosingCost> {
  const authorizations = [...pendingByName.values()].reduce((sum, count) => sum + count, 0);
  const now = clock.now();
  const names = [...pendingByName.keys()];
  const isCounted = method === 'submit' || limits?.countsDeactivations === true;
  const buckets =
    limits === undefined || !isCounted
      ? null
      : await failureBucketsOf(ledger, now, { limits, accountId: account.id, names });
  const requests = method === 'submit' ? 2 * authorizations : authorizations;
  const failedValidations = method === 'submit' || buckets !== null ? authorizations : 0;
  const cost: ClosingCost = { authorizations, requests, failedValidations, later: [] };
  if (buckets === null) return cost;
  for (const [name, pending] of pendingByName) {
    const ofName = buckets(name);
    const spendable = Math.min(...ofName.map((bucket) => spendableOf(bucket, now)));
    if (spendable >= pending) continue;
    const wait = Math.max(...ofName.map((bucket) => waitMs(bucket, now.getTime(), pending + 1)));
    cost.later.push({ name, pending, now: spendable, doneAt: later(now, wait) });
  }
  return cost;
}

/**
 * How many failed validations may be spent. One stays left: without it no order with the name is let through.
 */
function spendableOf(bucket: Bucket, now: Date): number {
  return Math.max(0, bucket.allowance.max - usedOf(bucket, now.getTime()) - 1);
}
