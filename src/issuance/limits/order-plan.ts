import { bucketWord } from '../../ledger/limits/limit-buckets.ts';
import type { Bucket } from '../../token-bucket.ts';
import { taken, usedOf } from '../../token-bucket.ts';
import type { Charge, Shortage } from './charges.ts';
import { bucketFor, shortageOf } from './charges.ts';

/** The cost of a certificate: its order, and the order before it with which it is rehearsed. */
export interface PlannedOrder {
  charges: readonly Charge[];
  /** The charges of the rehearsal at the staging; none where nothing is rehearsed. */
  rehearsal?: readonly Charge[];
  /** Whether the order goes on without a rehearsal that would have to wait. */
  maySkipRehearsal?: boolean;
}

export interface Planned {
  /** The limit that the order has to wait for, and how long; null: it goes now. */
  shortage: Shortage | null;
  /** Whether the order goes on without its rehearsal. */
  skipsRehearsal: boolean;
}

/**
 * Plans which orders go now and which have to wait, if they are placed one after the other: each takes its
 * cost, and of the orders that wait for a limit each waits for the one before it. Nothing is asked and
 * nothing is written: the gate decides in its own transaction, by the same rule.
 * @param orders the cost of each, the most urgent first
 * @param buckets as they are now, by their words; of all CAs that are charged
 */
export function planOrders(
  orders: readonly PlannedOrder[],
  buckets: ReadonlyMap<string, Bucket>,
  now: Date,
): Planned[] {
  const planned = new Map(buckets);
  const nowMs = now.getTime();
  return orders.map(({ charges, rehearsal = [], maySkipRehearsal = false }) => {
    const skipsRehearsal = maySkipRehearsal && shortageOf(rehearsal, planned, nowMs) !== null;
    const all = skipsRehearsal ? charges : [...charges, ...rehearsal];
    const shortage = shortageOf(all, planned, nowMs);
    if (shortage !== null) {
      const { bucket, charge } = shortage;
      planned.set(bucketWord(charge.key), { ...bucket, held: bucket.held + 1 });
      return { shortage, skipsRehearsal };
    }
    for (const charge of all.filter(({ takenBy }) => takenBy !== 'nothing')) {
      planned.set(bucketWord(charge.key), taken(bucketFor(charge, planned, nowMs), nowMs));
    }
    return { shortage, skipsRehearsal };
  });
}

/** An order of one of the coming days: when it is due, and what it costs. */
export interface ComingOrder {
  at: Date;
  charges: readonly Charge[];
}

/** When an order goes, and how much of the limit on new orders is used then. */
export interface PlannedAhead {
  goesAt: Date;
  /** Null: the order takes nothing of that limit. */
  newOrdersUsed: number | null;
}

/**
 * Plans orders of the coming days, each at its time or as soon afterwards as its CA's limits allow, if those
 * before it are placed as planned and nobody else spends anything.
 * @param orders in the order of their times
 */
export function planAhead(
  orders: readonly ComingOrder[],
  buckets: ReadonlyMap<string, Bucket>,
): PlannedAhead[] {
  const planned = new Map(buckets);
  return orders.map(({ at, charges }) => {
    const goesAt = new Date(
      at.getTime() + Math.ceil(shortageOf(charges, planned, at.getTime())?.waitMs ?? 0),
    );
    const goesAtMs = goesAt.getTime();
    let newOrdersUsed: number | null = null;
    for (const charge of charges.filter(({ takenBy }) => takenBy !== 'nothing')) {
      const bucket = taken(bucketFor(charge, planned, goesAtMs), goesAtMs);
      planned.set(bucketWord(charge.key), bucket);
      if (charge.key.limit === 'new-orders') newOrdersUsed = usedOf(bucket, goesAtMs);
    }
    return { goesAt, newOrdersUsed };
  });
}
