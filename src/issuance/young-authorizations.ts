import { isOfOwnOrder } from '../ledger/foreign-authorizations.ts';
import type { FoundIn } from '../ledger/foreign-authorizations.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import type { Issuance } from './issuance.ts';

/** No client works on an order for longer without a look at it; what is open after that was left behind. */
const youngMs = 3_600_000;

/**
 * Until when an authorization that no order of this ledger made is left alone, because another client, or another ledger on the same account,
 * may be working on it; null when it is older than an hour, or nothing is known of its age.
 *
 * Its age is told by the line of a log, or by when the ledger first saw it in the CA's list. The CA doesn't tell it: `expires` isn't evidence,
 * because the lives of a CA's authorizations differ by profile.
 */
export async function youngUntil(
  { ledger, clock }: Issuance,
  row: AuthorizationRow,
  foundIn: FoundIn | null,
): Promise<string | null> {
  if (row.source === 'order') return null;
  const logged = [row.logged_at, foundIn?.loggedAt ?? null].filter((at) => at !== null);
  // A log without times was given by a person who wants its URLs closed; one whose clock was ahead knows no better than the ledger.
  const known = row.source === 'log' && logged.length === 0 ? [] : [...logged, row.created_at];
  const [first] = known.sort();
  if (first === undefined) return null;
  const until = new Date(Date.parse(first) + youngMs);
  if (until <= clock.now() || (await isOfOwnOrder(ledger, row.id))) return null;
  return until.toISOString();
}
