import type { Identifier } from '../../identifiers.ts';
import { identifierSetKey } from '../../identifiers.ts';
import type { BucketKey } from '../../ledger/limits/limit-buckets.ts';
import { accountScope, bucketWord } from '../../ledger/limits/limit-buckets.ts';
import type { CaLimits, LimitName } from '../../ca-limits.ts';
import type { Allowance, Bucket } from '../../token-bucket.ts';
import { fullBucket, waitMs, withAllowance } from '../../token-bucket.ts';

/** The part that one limit has in the cost of an order. */
export interface Charge {
  key: BucketKey;
  allowance: Allowance;
  /** When the CA takes a token: with newOrder, with the certificate, or never, when it only looks for one. */
  takenBy: 'order' | 'certificate' | 'nothing';
  /** Whether the order is refused when there is no token. */
  isChecked: boolean;
  /** Tokens that the order leaves to others. */
  leaves: number;
}

/** An order to be placed, with its exemptions from limits. */
export interface WantedOrder {
  identifiers: readonly Identifier[];
  /** The registered domains of its names. */
  domains: readonly string[];
  /** The order says `replaces`, and the suggested window of that certificate (RFC 9773 §4.2) is open now. */
  replacesInWindow: boolean;
  /** A certificate for exactly these names was issued in the last 120 days. */
  isRenewal: boolean;
  /** The order leaves the reserve for `issue` alone. */
  leavesReserve: boolean;
}

/**
 * The charges of an order, as Boulder counts. A replacement in its window is refused for no limit but a
 * pause, though its certificate counts. A renewal isn't counted among new orders, nor among the certificates
 * of its domains.
 */
export function chargesOf(
  limits: CaLimits,
  account: { id: number; ca: string },
  order: WantedOrder,
): Charge[] {
  const own = accountScope(account.id);
  const names = order.identifiers.map(({ value }) => value);
  const isFree = order.replacesInWindow || order.isRenewal;
  const wanted: [LimitName, string, readonly string[], Charge['takenBy']][] = [
    ['new-orders', own, isFree ? [] : [''], 'order'],
    ['certificates-per-domain', account.ca, order.isRenewal ? [] : order.domains, 'certificate'],
    ['certificates-per-set', account.ca, [identifierSetKey(order.identifiers)], 'certificate'],
    ['failed-authorizations', own, order.replacesInWindow ? [] : names, 'nothing'],
    ['failures-in-a-row', own, names, 'nothing'],
  ];
  return wanted.flatMap(([limit, scope, subjects, takenBy]) => {
    const allowance = limits.allowances[limit];
    if (allowance === null) return [];
    const leaves =
      limit === 'new-orders' && order.leavesReserve
        ? Math.floor((allowance.max * limits.reserveForIssue) / 100)
        : 0;
    // Boulder looks at names that are paused before it looks at `replaces`.
    const isChecked = limit === 'failures-in-a-row' || !order.replacesInWindow;
    return subjects.map((subject) => ({
      key: { scope, limit, subject },
      allowance,
      takenBy,
      isChecked,
      leaves,
    }));
  });
}

/** The charge for which an order can't be placed yet. */
export interface Shortage {
  charge: Charge;
  bucket: Bucket;
  waitMs: number;
}

/** The limit that holds these charges up for the longest; null when none does. `buckets` by their words. */
export function shortageOf(
  charges: readonly Charge[],
  buckets: ReadonlyMap<string, Bucket>,
  nowMs: number,
): Shortage | null {
  let worst: Shortage | null = null;
  for (const charge of charges.filter(({ isChecked }) => isChecked)) {
    const bucket = bucketFor(charge, buckets, nowMs);
    const wait = waitMs(bucket, nowMs, 1 + charge.leaves);
    if (wait > (worst?.waitMs ?? 0)) worst = { charge, bucket, waitMs: wait };
  }
  return worst;
}

/** The bucket of a charge, with the limit as it is now; full where nothing was taken yet. */
export function bucketFor(charge: Charge, buckets: ReadonlyMap<string, Bucket>, nowMs: number): Bucket {
  const bucket = buckets.get(bucketWord(charge.key)) ?? fullBucket(charge.allowance);
  return withAllowance(bucket, charge.allowance, nowMs);
}
