import type { LimitFunction } from 'p-limit';

/** How often the CA refused something for now (429, 503) in this run. */
export interface CaPressure {
  refusals: number;
}

/**
 * Lets a run find how much at one time its CA bears: half as much after a refusal, and one more again each time that as many as are
 * let through have gone well.
 * @param most where it starts, and doesn't go beyond
 * @returns to be called when one is done
 */
export function levelled(limit: LimitFunction, most: number, pressure: CaPressure): () => void {
  let seen = pressure.refusals;
  let well = 0;
  return () => {
    if (pressure.refusals > seen) {
      seen = pressure.refusals;
      well = 0;
      limit.concurrency = Math.max(1, Math.floor(limit.concurrency / 2));
      return;
    }
    well += 1;
    if (well < limit.concurrency || limit.concurrency >= most) return;
    well = 0;
    limit.concurrency += 1;
  };
}
