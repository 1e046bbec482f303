import type { LimitBucketRow } from '../../ledger/schema.ts';
import type { CaLimits, LimitName } from '../../ca-limits.ts';
import { limitNames } from '../../ca-limits.ts';
import type { Bucket } from '../../token-bucket.ts';
import { fullBucket, usedOf, waitMs, withAllowance } from '../../token-bucket.ts';

/** How full one limit is. */
export interface LimitSeen {
  limit: string;
  /** The domain, the name or the names that the limit counts; null for the account as a whole. */
  subject: string | null;
  used: number;
  max: number;
  /** When the next token is free; null while there is one. */
  nextFreeAt: Date | null;
}

/** The most subjects of one limit that are shown. */
const shownMax = 20;

/** The limit as people and scripts read it: `new orders`. */
function limitWords(limit: LimitName): string {
  return limit.replaceAll('-', ' ');
}

export function limitSeen(limit: LimitName, subject: string, bucket: Bucket, now: Date): LimitSeen {
  const wait = waitMs(bucket, now.getTime());
  return {
    limit: limitWords(limit),
    subject: subject === '' ? null : subject,
    used: usedOf(bucket, now.getTime()),
    max: bucket.allowance.max,
    nextFreeAt: wait === 0 ? null : new Date(now.getTime() + Math.ceil(wait)),
  };
}

/**
 * The fullness of an account's limits, as far as worth knowing: its new orders always. Of the limits on
 * domains, names and sets of names, those with nothing left, the last to be free first; where there is none,
 * the most used.
 */
export function limitsSeen(
  limits: CaLimits,
  stored: readonly { bucket: Bucket; row: Pick<LimitBucketRow, 'limit_name' | 'subject'> }[],
  now: Date,
): LimitSeen[] {
  return limitNames.flatMap((limit) => {
    const allowance = limits.allowances[limit];
    if (allowance === null) return [];
    const seen = stored
      .filter(({ row }) => row.limit_name === limit)
      .map(({ bucket, row }) =>
        limitSeen(limit, row.subject, withAllowance(bucket, allowance, now.getTime()), now),
      );
    if (limit === 'new-orders')
      return seen.length > 0 ? seen : [limitSeen(limit, '', fullBucket(allowance), now)];
    const usedUp = seen
      .filter(({ nextFreeAt }) => nextFreeAt !== null)
      .sort((one, other) => Number(other.nextFreeAt) - Number(one.nextFreeAt));
    const [fullest] = seen.filter(({ used }) => used > 0).sort((one, other) => other.used - one.used);
    return usedUp.length > 0 || fullest === undefined ? usedUp.slice(0, shownMax) : [fullest];
  });
}
