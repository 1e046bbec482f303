import { authorityOf } from '../acme/authorities/authorities.ts';
import { provenToday } from '../challenges/proof/ways.ts';
import { systemClock } from '../clock.ts';
import type { ErrorRecord } from '../errors.ts';
import { errorRecord } from '../errors.ts';
import { identifierSetKey, parseName } from '../identifiers.ts';
import type { Charge } from '../issuance/limits/charges.ts';
import { bucketFor } from '../issuance/limits/charges.ts';
import { plannedError } from '../issuance/limits/limit-words.ts';
import type { LimitSeen } from '../issuance/limits/limits-seen.ts';
import { limitSeen } from '../issuance/limits/limits-seen.ts';
import { isLate } from '../issuance/names/name-choice.ts';
import { plannedHolds } from '../issuance/limits/planned-holds.ts';
import { planOrders } from '../issuance/limits/order-plan.ts';
import { rehearsalsSince } from '../issuance/attempt/rehearse.ts';
import type { Due } from '../issuance/due/due.ts';
import { accountAt } from '../ledger/accounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { rehearsalKey, rehearsedKeysSince } from '../ledger/orders/order-queries.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CaLimits } from '../ca-limits.ts';
import type { Bucket } from '../token-bucket.ts';
import type { CostPlace, OrderCosts } from './order-costs.ts';
import { orderCosts, rehearsalCosts } from './order-costs.ts';
import { limitsAt } from '../settings/limit-changes.ts';
import type { Settings } from '../settings/settings.ts';
import { ofRehearsal } from '../run/staging.ts';

interface Wanted {
  certificate: CertificateRow;
  due: Due;
  /** The names that would be ordered. */
  names: readonly string[];
}

/** The CA, and the staging where its orders are rehearsed. */
interface Places {
  own: CostPlace;
  there: CostPlace | null;
}

/** Why a certificate has to wait. */
export interface Deferral {
  error: ErrorRecord;
  /** The limit is that of the staging where the certificate is rehearsed. */
  isOfRehearsal: boolean;
}

/** The plan of a run within the limits of the CAs. */
export interface RunPlan {
  /** By the certificate's name; certificates that aren't here go now. */
  deferrals: Map<string, Deferral>;
  /** How many new orders the run would spend at each CA. */
  newOrders: (LimitSeen & { ca: string; spends: number })[];
  /** How many orders for each CA would be rehearsed first, and where. */
  rehearsals: { ca: string; rehearsedAt: string; orders: number }[];
}

export interface PlanOptions {
  /** How long a certificate may wait in the run. */
  waitMs: number;
  /** Where orders are rehearsed, by CA; empty or missing: nowhere. */
  stagings: ReadonlyMap<string, string>;
}

/**
 * Which of these certificates go now and which have to wait for a limit of their CA, or of the staging where
 * they are rehearsed, from the ledger alone.
 * @param wanted the most urgent first
 */
export async function planRun(
  settings: Settings,
  ledger: Ledger,
  wanted: readonly Wanted[],
  { waitMs, stagings }: PlanOptions,
): Promise<RunPlan> {
  const plan: RunPlan = { deferrals: new Map(), newOrders: [], rehearsals: [] };
  const now = systemClock.now();
  const placeOf = (ca: string): CostPlace => ({
    ledger,
    ca,
    limits: limitsAt(authorityOf(ca), settings.limits),
    rules: settings.solvers,
    now,
  });
  for (const ca of new Set(wanted.map(({ certificate }) => certificate.ca))) {
    const orders = wanted.filter(
      ({ certificate, due }) => certificate.ca === ca && due.reason !== 'not-deployed',
    );
    const staging = stagings.get(ca) ?? '';
    const places = { own: placeOf(ca), there: staging === '' ? null : placeOf(staging) };
    await noteHeld(plan, places, orders, waitMs);
    const free = orders
      .filter(({ certificate }) => !plan.deferrals.has(certificate.name))
      .map(({ certificate, names }) => ({ ...certificate, names }));
    if (free.length > 0 && (isLimited(places.own.limits) || places.there !== null))
      await planAt(plan, places, free, waitMs);
  }
  return plan;
}

/**
 * Defers certificates by the waits that the CA, or the staging, asked for: these go before the limits that
 * are counted here.
 */
async function noteHeld(
  plan: RunPlan,
  { own, there }: Places,
  orders: readonly Wanted[],
  waitMs: number,
): Promise<void> {
  for (const [name, error] of await heldAt(own, orders, waitMs))
    plan.deferrals.set(name, { error, isOfRehearsal: false });
  if (there === null) return;
  const staging = authorityOf(there.ca);
  const rehearsed = await needRehearsal(there, orders);
  for (const [name, error] of await heldAt(there, rehearsed, waitMs)) {
    if (!plan.deferrals.has(name))
      plan.deferrals.set(name, { error: ofRehearsal(error, staging), isOfRehearsal: true });
  }
}

async function heldAt(
  { ledger, ca, now }: CostPlace,
  orders: readonly Wanted[],
  waitMs: number,
): Promise<Map<string, ErrorRecord>> {
  const account = await accountAt(ledger, ca);
  if (account === undefined) return new Map();
  // The stored certificate came from the CA itself, not from its staging.
  const wanted = orders.map((order) => ({
    ...order,
    stored: order.certificate.ca === ca ? order.certificate : undefined,
  }));
  return plannedHolds(ledger, account.id, wanted, { now, waitMs });
}

/**
 * The certificates that need a rehearsal: all but those that were rehearsed within a day, or that end soon.
 */
async function needRehearsal(
  { ledger, ca, rules, now }: CostPlace,
  orders: readonly Wanted[],
): Promise<readonly Wanted[]> {
  const account = await accountAt(ledger, ca);
  if (account === undefined) return orders;
  const done = await rehearsedKeysSince(ledger, account.id, rehearsalsSince(now));
  return orders.filter(({ certificate, names }) => {
    const namesKey = identifierSetKey(names.map(parseName));
    const proven = provenToday(certificate.settings, names, rules);
    const isDone = done.has(rehearsalKey(certificate.profile, namesKey, proven));
    return !isDone && !isLate(certificate, now);
  });
}

function isLimited({ allowances }: CaLimits): boolean {
  return Object.values(allowances).some((allowance) => allowance !== null);
}

async function planAt(
  plan: RunPlan,
  { own, there }: Places,
  certificates: readonly CertificateRow[],
  waitMs: number,
): Promise<void> {
  const { now } = own;
  const costs = await orderCosts(own, certificates);
  const rehearsals = there === null ? null : await rehearsalCosts(there, certificates);
  const orders = certificates.map((certificate, index) => ({
    charges: costs.charges[index] ?? [],
    rehearsal: rehearsals?.charges[index] ?? [],
    maySkipRehearsal: isLate(certificate, now),
  }));
  const planned = planOrders(orders, new Map([...costs.buckets, ...(rehearsals?.buckets ?? [])]), now);
  const going: number[] = [];
  for (const [index, certificate] of certificates.entries()) {
    const shortage = planned[index]?.shortage ?? null;
    if (shortage === null || shortage.waitMs <= waitMs) {
      going.push(index);
      continue;
    }
    const isOfRehearsal = orders[index]?.rehearsal.includes(shortage.charge) === true;
    const error = errorRecord(plannedError(shortage, now));
    plan.deferrals.set(certificate.name, {
      error: isOfRehearsal && there !== null ? ofRehearsal(error, authorityOf(there.ca)) : error,
      isOfRehearsal,
    });
  }
  noteSpent(plan, own, costs, going);
  if (there === null || rehearsals === null) return;
  const rehearsed = going.filter((index) => planned[index]?.skipsRehearsal === false);
  noteSpent(plan, there, rehearsals, rehearsed);
  const placed = rehearsed.filter((index) => (rehearsals.charges[index] ?? null) !== null);
  plan.rehearsals.push({ ca: own.ca, rehearsedAt: there.ca, orders: placed.length });
}

/** Notes how many new orders the certificates that go now spend of the CA's limit. */
function noteSpent(
  plan: RunPlan,
  { ca, now }: CostPlace,
  { charges, buckets }: OrderCosts,
  going: readonly number[],
): void {
  const spent = going
    .flatMap((index) => charges[index] ?? [])
    .filter(({ key }) => key.limit === 'new-orders');
  const [first] = spent;
  if (first !== undefined)
    plan.newOrders.push({ ca, ...newOrdersSeen(first, buckets, now), spends: spent.length });
}

function newOrdersSeen(charge: Charge, buckets: ReadonlyMap<string, Bucket>, now: Date): LimitSeen {
  return limitSeen('new-orders', '', bucketFor(charge, buckets, now.getTime()), now);
}
