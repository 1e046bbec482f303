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
  { limit: anchor, scope: told, subject, notBefore }: AnnouncedLimit,
): Promise<void> {
  const limit = limitTold({ limit: anchor }, 'renewals-too');
  const allowance = limit === undefined ? null : (writer.limits?.allowances[limit] ?? null);
  if (limit === undefined || allowance === null) return;
  // The CA's text didn't tell which of the names it means.
  if (limit.startsWith('fail') && told !== 'name') return;
  if (limit === 'certificates-per-domain' && told !== 'domain') return;
  const isOfAll = limit.startsWith('certificates-');
  const scope = isOfAll ? (await accountById(writer.ledger, accountId))?.ca : accountScope(accountId);
  if (scope === undefined) return;
  await emptyBucket(writer, { scope, limit, subject }, allowance, notBefore);
}
