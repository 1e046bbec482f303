import { bucketWord } from '../ledger/limit-buckets.ts';
import type { Bucket } from '../token-bucket.ts';
import { taken } from '../token-bucket.ts';
import type { Charge, Shortage } from './charges.ts';
import { bucketFor, shortageOf } from './charges.ts';

/**
 * What goes now and what has to wait, if these orders are placed one after the other: each takes what it costs, and of those that
 * wait for a limit each waits for the one before it. Nothing is asked and nothing is written: the gate decides in its own
 * transaction, by the same rule.
 * @param orders what each costs, the most urgent first
 * @param buckets as they are now, by their words
 * @returns for each order null, or the limit that it has to wait for and how long
 */
export function planOrders(
  orders: readonly (readonly Charge[])[],
  buckets: ReadonlyMap<string, Bucket>,
  now: Date,
): (Shortage | null)[] {
  const planned = new Map(buckets);
  return orders.map((charges) => {
    const shortage = shortageOf(charges, planned, now.getTime());
    if (shortage !== null) {
      const { bucket, charge } = shortage;
      planned.set(bucketWord(charge.key), { ...bucket, held: bucket.held + 1 });
      return shortage;
    }
    for (const charge of charges.filter(({ takenBy }) => takenBy !== 'nothing')) {
      const bucket = bucketFor(charge, planned, now.getTime());
      planned.set(bucketWord(charge.key), taken(bucket, now.getTime()));
    }
    return null;
  });
}
