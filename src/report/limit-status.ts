import { authorityOf } from '../acme/authorities/authorities.ts';
import { systemClock } from '../clock.ts';
import type { LimitSeen } from '../issuance/limits/limits-seen.ts';
import { limitsSeen } from '../issuance/limits/limits-seen.ts';
import { accountScope, storedBuckets } from '../ledger/limits/limit-buckets.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AccountRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import { limitsAt } from '../settings/limit-changes.ts';
import type { Settings } from '../settings/settings.ts';

/** The CA's limits as far as they are counted here, for `status`. */
export async function limitStatus(
  settings: Settings,
  ledger: Ledger,
  account: AccountRow,
): Promise<LimitSeen[]> {
  const now = systemClock.now();
  const stored = await storedBuckets(ledger, now, [accountScope(account.id), account.ca]);
  return limitsSeen(limitsAt(authorityOf(account.ca), settings.limits), [...stored.values()], now);
}

/** `12 of 300 new orders used`, for what. */
export function limitLine({ limit, subject, used, max, nextFreeAt }: LimitSeen): string {
  const next = nextFreeAt === null ? '' : `, the next is free at ${nextFreeAt}`;
  return `${String(used)} of ${String(max)} ${limit} used${forWhat(subject)}${next}`;
}

/** `would spend 1 of 300 new orders (12 used)`. */
export function spendLine(spends: number, { limit, subject, used, max }: LimitSeen): string {
  return `would spend ${String(spends)} of ${String(max)} ${limit}${forWhat(subject)} (${String(used)} used)`;
}

function forWhat(subject: string | null): string {
  return subject === null ? '' : ` for ${printable(subject)}`;
}
