import type { SolverRules } from '../challenges/proof/solver-rules.ts';
import { provenToday } from '../challenges/proof/ways.ts';
import { identifierSetKey, parseName } from '../identifiers.ts';
import type { Charge } from '../issuance/limits/charges.ts';
import { chargesOf } from '../issuance/limits/charges.ts';
import { rehearsalsSince } from '../issuance/attempt/rehearse.ts';
import { isReplaceable, isWindowOpen } from '../issuance/due/renewal-window.ts';
import { domainsToCount, renewalsSince } from '../issuance/limits/spending.ts';
import { accountAt } from '../ledger/accounts.ts';
import { accountScope, storedBuckets } from '../ledger/limits/limit-buckets.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  liveOrderKeys,
  namesIssuedSince,
  rehearsalKey,
  rehearsedKeysSince,
} from '../ledger/orders/order-queries.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CaLimits } from '../ca-limits.ts';
import type { Bucket } from '../token-bucket.ts';

/** A CA whose limits are counted. */
export interface CostPlace {
  ledger: Ledger;
  ca: string;
  limits: CaLimits;
  /** How the configuration proves names. */
  rules: SolverRules;
  now: Date;
}

export interface OrderCosts {
  /** The charges of each certificate; null where no order is placed. */
  charges: (Charge[] | null)[];
  /** The buckets as they are now, by their `bucketWord`. */
  buckets: Map<string, Bucket>;
}

/**
 * The costs of orders for these certificates; none where an order that a former attempt left is taken up:
 * that order is paid for.
 * @param orderedAt when each is ordered; left out: now
 */
export async function orderCosts(
  place: CostPlace,
  certificates: readonly CertificateRow[],
  orderedAt: (index: number) => Date = () => place.now,
): Promise<OrderCosts> {
  // The first order registers the account.
  const account = (await accountAt(place.ledger, place.ca)) ?? { id: 0, ca: place.ca };
  return costsAt(place, account, certificates, {
    isDone: () => false,
    replacesInWindow: (certificate, at) => isReplaceable(certificate) && isWindowOpen(certificate, at),
    orderedAt,
  });
}

/**
 * The costs of rehearsing these certificates at a staging; none where that was done within a day, or an order
 * is taken up.
 */
export async function rehearsalCosts(
  place: CostPlace,
  certificates: readonly CertificateRow[],
): Promise<OrderCosts> {
  const { ledger, ca, rules, now } = place;
  // Another account than that of the CA itself, which may not be registered yet either.
  const account = (await accountAt(ledger, ca)) ?? { id: -1, ca };
  const done = await rehearsedKeysSince(ledger, account.id, rehearsalsSince(now));
  return costsAt(place, account, certificates, {
    isDone: ({ profile, settings, names }, namesKey) =>
      done.has(rehearsalKey(profile, namesKey, provenToday(settings, names, rules))),
    replacesInWindow: () => false,
    orderedAt: () => now,
  });
}

async function costsAt(
  { ledger, ca, limits, now }: CostPlace,
  account: { id: number; ca: string },
  certificates: readonly CertificateRow[],
  options: {
    isDone: (certificate: CertificateRow, namesKey: string) => boolean;
    replacesInWindow: (certificate: CertificateRow, at: Date) => boolean;
    orderedAt: (index: number) => Date;
  },
): Promise<OrderCosts> {
  const stored = await storedBuckets(ledger, now, [accountScope(account.id), ca]);
  const live = await liveOrderKeys(ledger, account.id);
  const issued = await namesIssuedSince(ledger, ca, renewalsSince(now));
  const charges: OrderCosts['charges'] = [];
  for (const [index, certificate] of certificates.entries()) {
    const at = options.orderedAt(index);
    const identifiers = certificate.names.map(parseName);
    const namesKey = identifierSetKey(identifiers);
    if (live.has(`${certificate.profile} ${namesKey}`) || options.isDone(certificate, namesKey)) {
      charges.push(null);
      continue;
    }
    charges.push(
      chargesOf(limits, account, {
        identifiers,
        domains: await domainsToCount(limits, identifiers),
        isRenewal: (issued.get(namesKey) ?? 0) > renewalsSince(at),
        replacesInWindow: options.replacesInWindow(certificate, at),
        leavesReserve: true,
      }),
    );
  }
  return { charges, buckets: new Map([...stored].map(([word, { bucket }]) => [word, bucket])) };
}
