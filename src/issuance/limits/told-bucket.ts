import { accountById } from '../../ledger/accounts.ts';
import { accountScope, emptyBucket } from '../../ledger/limits/limit-buckets.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import type { LimitName } from '../../ca-limits.ts';
import type { AnnouncedLimit } from './announced-limit.ts';

/** Boulder's anchors of the limits that are counted here. */
const anchors: Record<string, LimitName> = {
  'new-orders-per-account': 'new-orders',
  'new-certificates-per-registered-domain': 'certificates-per-domain',
  'new-certificates-per-exact-set-of-identifiers': 'certificates-per-set',
  'authorization-failures-per-identifier-per-account': 'failed-authorizations',
  'consecutive-authorization-failures-per-identifier-per-account': 'failures-in-a-row',
};

/** At the end of a limit's name: the CA refused an order for it that was taken to be free of it, so nobody is. */
const withoutExemption = '-renewals-too';

/** Which of the limits that are counted here the CA spoke of; of one that nobody is free of, too, when `even` says so. */
export function limitTold(
  { limit }: Pick<AnnouncedLimit, 'limit'>,
  even?: 'renewals-too',
): LimitName | undefined {
  return anchors[even === undefined ? limit : limit.replace(withoutExemption, '')];
}

/** The limit, from which no order is free: the CA has just refused one that was taken to be. */
export function forRenewalsToo(limit: string): string {
  return `${limit}${withoutExemption}`;
}

/** The CA says that one of its limits is used up: what was counted here is put right, others may have used it, too. */
export async function emptyToldBucket(
  writer: LedgerWriter,
  accountId: number,
  { limit: anchor, scope: told, subject, notBefore }: AnnouncedLimit,
): Promise<void> {
  const limit = limitTold({ limit: anchor }, 'renewals-too');
  const allowance = limit === undefined ? null : (writer.limits?.allowances[limit] ?? null);
  if (limit === undefined || allowance === null) return;
  // Which of its names is meant wasn't understood.
  if (limit.startsWith('fail') && told !== 'name') return;
  if (limit === 'certificates-per-domain' && told !== 'domain') return;
  const isOfAll = limit.startsWith('certificates-');
  const scope = isOfAll ? (await accountById(writer.ledger, accountId))?.ca : accountScope(accountId);
  if (scope === undefined) return;
  await emptyBucket(writer, { scope, limit, subject }, allowance, notBefore);
}
