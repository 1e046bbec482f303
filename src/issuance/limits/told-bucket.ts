import { accountById } from '../../ledger/accounts.ts';
import {
  type BucketKey,
  accountScope,
  bucketWord,
  changeBucket,
  emptyBucket,
} from '../../ledger/limits/limit-buckets.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import type { LimitName } from '../../ca-limits.ts';
import { type Allowance, taken } from '../../token-bucket.ts';
import type { Charge } from './charges.ts';
import type { AnnouncedLimit } from './announced-limit.ts';

/** Boulder's anchors of the limits that are counted here. */
const anchors: Record<string, LimitName> = {
  'new-orders-per-account': 'new-orders',
  'new-certificates-per-registered-domain': 'certificates-per-domain',
  'new-certificates-per-exact-set-of-identifiers': 'certificates-per-set',
  'authorization-failures-per-identifier-per-account': 'failed-authorizations',
  'consecutive-authorization-failures-per-identifier-per-account': 'failures-in-a-row',
};

/** The end of a limit's name when the CA refused an order that should be free of it, so that none is. */
const withoutExemption = '-renewals-too';

/** The limit counted here that the CA spoke of; with `even`, also a limit from which no order is free. */
export function limitTold(
  { limit }: Pick<AnnouncedLimit, 'limit'>,
  even?: 'renewals-too',
): LimitName | undefined {
  return anchors[even === undefined ? limit : limit.replace(withoutExemption, '')];
}

/** The name of a limit from which no order is free, because the CA has refused one that should have been. */
export function forRenewalsToo(limit: string): string {
  return `${limit}${withoutExemption}`;
}

/** Corrects the count of a limit that the CA says is used up: others may have used it, too. */
export async function emptyToldBucket(
  writer: LedgerWriter,
  accountId: number,
  told: AnnouncedLimit,
): Promise<void> {
  const counted = await bucketTold(writer, accountId, told);
  if (counted !== null) await emptyBucket(writer, counted.key, counted.allowance, told.notBefore);
}

/**
 * Corrects the count of a limit of which the CA had said that it is used up, and which it has let an order pass
 * since: how much is left nobody knows, so the CA is asked. Only what that order took is counted.
 * @param charges those of the order
 */
export async function refillToldBucket(
  writer: LedgerWriter,
  accountId: number,
  told: Omit<AnnouncedLimit, 'notBefore'>,
  charges: readonly Charge[],
): Promise<void> {
  const counted = await bucketTold(writer, accountId, told);
  if (counted === null) return;
  const { key, allowance } = counted;
  const isTaken = charges.some(
    (charge) => charge.takenBy === 'order' && bucketWord(charge.key) === bucketWord(key),
  );
  await changeBucket(writer, key, allowance, (bucket, nowMs) => {
    const full = { ...bucket, fullAtMs: nowMs };
    return isTaken ? taken(full, nowMs) : full;
  });
}

/** The bucket of a limit that the CA spoke of; null where it isn't counted here. */
async function bucketTold(
  writer: LedgerWriter,
  accountId: number,
  { limit: anchor, scope: told, subject }: Omit<AnnouncedLimit, 'notBefore'>,
): Promise<{ key: BucketKey; allowance: Allowance } | null> {
  const limit = limitTold({ limit: anchor }, 'renewals-too');
  const allowance = limit === undefined ? null : (writer.limits?.allowances[limit] ?? null);
  if (limit === undefined || allowance === null) return null;
  // The CA's text didn't tell which of the names it means.
  if (limit.startsWith('fail') && told !== 'name') return null;
  if (limit === 'certificates-per-domain' && told !== 'domain') return null;
  const isOfAll = limit.startsWith('certificates-');
  const scope = isOfAll ? (await accountById(writer.ledger, accountId))?.ca : accountScope(accountId);
  return scope === undefined ? null : { key: { scope, limit, subject }, allowance };
}
