import { authorityOf } from '../acme/authorities/authorities.ts';
import { systemClock } from '../clock.ts';
import type { LimitSeen } from '../issuance/limits/limits-seen.ts';
import { limitsSeen } from '../issuance/limits/limits-seen.ts';
import { accountScope, storedBuckets } from '../ledger/limits/limit-buckets.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AccountRow } from '../ledger/schema.ts';
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
