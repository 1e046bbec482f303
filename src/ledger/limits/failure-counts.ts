import type { CaLimits } from '../../ca-limits.ts';
import type { BucketKey } from './limit-buckets.ts';
import { accountScope, fillBuckets, giveTokenBack, takeToken } from './limit-buckets.ts';
import type { LedgerWriter } from '../writer.ts';

const failureLimits = ['failed-authorizations', 'failures-in-a-row'] as const;

/** Counts a failed validation of a name, wildcards with `*.`, as the CA does: by account and name. */
export async function countFailure(writer: LedgerWriter, accountId: number, name: string): Promise<void> {
  for (const { key, allowance } of failureBuckets(writer.limits, accountId, name)) {
    await takeToken(writer, key, allowance);
  }
}

/** Takes back a failure that was counted in advance and didn't come about. */
export async function uncountFailure(writer: LedgerWriter, accountId: number, name: string): Promise<void> {
  for (const { key, allowance } of failureBuckets(writer.limits, accountId, name)) {
    await giveTokenBack(writer, key, allowance);
  }
}

/** A success ends the failures in a row. */
export async function endFailuresInARow(
  writer: LedgerWriter,
  accountId: number,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0 || (writer.limits?.allowances['failures-in-a-row'] ?? null) === null) return;
  await fillBuckets(writer, accountScope(accountId), 'failures-in-a-row', names);
}

function failureBuckets(limits: CaLimits | undefined, accountId: number, name: string) {
  return failureLimits.flatMap((limit) => {
    const allowance = limits?.allowances[limit] ?? null;
    const key: BucketKey = { scope: accountScope(accountId), limit, subject: name };
    return allowance === null ? [] : [{ key, allowance }];
  });
}
