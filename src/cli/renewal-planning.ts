import { authorityOf } from '../acme/known-authorities.ts';
import { systemClock } from '../clock.ts';
import type { ErrorRecord } from '../errors.ts';
import { errorRecord } from '../errors.ts';
import { identifierSetKey, parseName } from '../identifiers.ts';
import type { Charge } from '../issuance/charges.ts';
import { bucketFor, chargesOf } from '../issuance/charges.ts';
import { namesOf } from '../issuance/collect.ts';
import { plannedError } from '../issuance/limit-refusal.ts';
import type { LimitSeen } from '../issuance/limits-seen.ts';
import { limitSeen } from '../issuance/limits-seen.ts';
import { plannedHolds } from '../issuance/planned-holds.ts';
import { planOrders } from '../issuance/renewal-plan.ts';
import type { Due } from '../issuance/renewing.ts';
import { isWindowOpen } from '../issuance/renewal-window.ts';
import { domainsToCount, renewalsSince } from '../issuance/spending.ts';
import { accountAt } from '../ledger/accounts.ts';
import { accountScope, storedBuckets } from '../ledger/limit-buckets.ts';
import type { Ledger } from '../ledger/open.ts';
import { liveOrderKeys, namesIssuedSince } from '../ledger/order-queries.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CaLimits } from '../limits.ts';
import type { Bucket } from '../token-bucket.ts';
import { limitsAt } from './settings/limit-changes.ts';
import type { Settings } from './settings/settings.ts';

interface Wanted {
  certificate: CertificateRow;
  due: Due;
  /** What would be ordered. */
  names: readonly string[];
}

/** What the limits of the CAs let a run do. */
export interface RunPlan {
  /** Why certificates, by name, have to wait; those that aren't here go now. */
  deferrals: Map<string, ErrorRecord>;
  /** What the run would spend of the new orders of each CA. */
  newOrders: (LimitSeen & { ca: string; spends: number })[];
}

/**
 * Which of these certificates go now and which have to wait for a limit of their CA, from the ledger alone.
 * @param wanted the most urgent first
 * @param waitMs how long a certificate may wait in the run
 */
export async function planRun(
  settings: Settings,
  ledger: Ledger,
  wanted: readonly Wanted[],
  waitMs: number,
): Promise<RunPlan> {
  const plan: RunPlan = { deferrals: new Map(), newOrders: [] };
  for (const ca of new Set(wanted.map(({ certificate }) => certificate.ca))) {
    const orders = wanted.filter(
      ({ certificate, due }) => certificate.ca === ca && due.reason !== 'not-deployed',
    );
    const held = await heldAt(ledger, ca, orders, waitMs);
    for (const [name, error] of held) plan.deferrals.set(name, error);
    const limits = limitsAt(authorityOf(ca), settings.limits);
    if (Object.values(limits.allowances).every((allowance) => allowance === null)) continue;
    const free = orders.filter(({ certificate }) => !held.has(certificate.name));
    await planAt(
      plan,
      { ledger, ca, limits, waitMs },
      free.map(({ certificate, names }) => ({ ...certificate, names: JSON.stringify(names) })),
    );
  }
  return plan;
}

/** What the CA said itself goes before what is counted here. */
async function heldAt(
  ledger: Ledger,
  ca: string,
  orders: readonly Wanted[],
  waitMs: number,
): Promise<Map<string, ErrorRecord>> {
  const account = await accountAt(ledger, ca);
  if (account === undefined) return new Map();
  return plannedHolds(ledger, account.id, orders, { now: systemClock.now(), waitMs });
}

interface Place {
  ledger: Ledger;
  ca: string;
  limits: CaLimits;
  waitMs: number;
}

async function planAt(plan: RunPlan, place: Place, certificates: readonly CertificateRow[]): Promise<void> {
  const { ledger, ca, waitMs } = place;
  const now = systemClock.now();
  const account = (await accountAt(ledger, ca)) ?? { id: 0, ca };
  const stored = await storedBuckets(ledger, now, [accountScope(account.id), ca]);
  const buckets = new Map([...stored].map(([word, { bucket }]) => [word, bucket]));
  const charges = await chargesOfAll(place, account, certificates, now);
  const shortages = planOrders(charges, buckets, now);
  const going = charges.filter((_, index) => (shortages[index]?.waitMs ?? 0) <= waitMs);
  for (const [index, certificate] of certificates.entries()) {
    const shortage = shortages[index] ?? null;
    if (shortage === null || shortage.waitMs <= waitMs) continue;
    plan.deferrals.set(certificate.name, errorRecord(plannedError(shortage, now)));
  }
  const newOrders = newOrdersOf(going, buckets, now);
  if (newOrders !== null) plan.newOrders.push({ ca, ...newOrders });
}

async function chargesOfAll(
  { ledger, ca, limits }: Place,
  account: { id: number; ca: string },
  certificates: readonly CertificateRow[],
  now: Date,
): Promise<Charge[][]> {
  const live = await liveOrderKeys(ledger, account.id);
  const issued = await namesIssuedSince(ledger, ca, renewalsSince(now));
  const all: Charge[][] = [];
  for (const certificate of certificates) {
    const identifiers = namesOf(certificate).map(parseName);
    const namesKey = identifierSetKey(identifiers);
    // An order that a former attempt left is taken up: it is paid for.
    if (live.has(`${certificate.profile} ${namesKey}`)) {
      all.push([]);
      continue;
    }
    const isReplacing = certificate.ari_id !== null && certificate.order_id !== null;
    all.push(
      chargesOf(limits, account, {
        identifiers,
        domains: await domainsToCount(limits, identifiers),
        isRenewal: issued.has(namesKey),
        replacesInWindow: isReplacing && certificate.revoked_at === null && isWindowOpen(certificate, now),
        leavesReserve: true,
      }),
    );
  }
  return all;
}

function newOrdersOf(
  going: readonly Charge[][],
  buckets: ReadonlyMap<string, Bucket>,
  now: Date,
): (LimitSeen & { spends: number }) | null {
  const spent = going.flat().filter(({ key }) => key.limit === 'new-orders');
  const [first] = spent;
  if (first === undefined) return null;
  return {
    ...limitSeen('new-orders', '', bucketFor(first, buckets, now.getTime()), now),
    spends: spent.length,
  };
}
