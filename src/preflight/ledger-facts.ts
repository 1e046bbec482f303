import { authorityOf } from '../acme/authorities/authorities.ts';
import type { CaLimits } from '../ca-limits.ts';
import { systemClock } from '../clock.ts';
import { costOf, domainsToCount } from '../issuance/limits/spending.ts';
import { limitSeen } from '../issuance/limits/limits-seen.ts';
import { bucketFor, type Shortage } from '../issuance/limits/charges.ts';
import { parseName } from '../identifiers.ts';
import { accountAt } from '../ledger/accounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { holdsOf } from '../ledger/limits/holds.ts';
import { failingNames } from '../ledger/names/failing-names.ts';
import type { AccountRow, HoldRow, IdentifierRow } from '../ledger/schema.ts';
import { limitsAt } from '../settings/limit-changes.ts';
import type { Settings } from '../settings/settings.ts';

/** What the ledger knows of the account at one CA, read once for all names. */
export interface AccountFacts {
  account: AccountRow;
  limits: CaLimits;
  failing: ReadonlyMap<string, IdentifierRow>;
  holds: readonly HoldRow[];
}

/** @returns null where the ledger has no account at the CA */
export async function accountFacts(
  ledger: Ledger,
  ca: string,
  settings: Pick<Settings, 'limits'>,
): Promise<AccountFacts | null> {
  const account = await accountAt(ledger, ca);
  if (account === undefined) return null;
  const now = systemClock.now();
  const failing = await failingNames(ledger, account.id, now);
  return {
    account,
    limits: limitsAt(authorityOf(ca), settings.limits),
    failing: new Map(failing.map((row) => [row.value, row])),
    holds: await holdsOf(ledger, account.id, now),
  };
}

/** How full the limits are that an order with this name alone would be charged by. */
export interface NameCost {
  shortage: Shortage | null;
  /** Those that something was taken of, in words. */
  used: string[];
}

export async function costOfName(
  ledger: Ledger,
  name: string,
  { account, limits }: AccountFacts,
): Promise<NameCost> {
  const identifiers = [parseName(name)];
  const domains = await domainsToCount(limits, identifiers);
  const writer = { ledger, clock: systemClock, limits };
  const order = { identifiers, domains, replacesInWindow: false, leavesReserve: false };
  const { charges, buckets, shortage } = await costOf(writer, account, order);
  const now = systemClock.now();
  const seen = charges.map((charge) =>
    limitSeen(charge.key.limit, charge.key.subject, bucketFor(charge, buckets, now.getTime()), now),
  );
  const used = seen
    .filter((each) => each.used > 0)
    .map(
      ({ limit, subject, used: count, max }) =>
        `${String(count)} of ${String(max)} ${limit} used${subject === null ? '' : ` for ${subject}`}`,
    );
  return { shortage, used };
}
