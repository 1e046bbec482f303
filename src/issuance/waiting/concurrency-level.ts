import type { LimitFunction } from 'p-limit';

/** How often the CA refused something for now (429, 503) in this run. */
export interface CaPressure {
  refusals: number;
}

/** The places of a run in which certificates are worked on. */
export interface Places {
  /** To be called when a certificate is done. */
  isDone: () => void;
  /** While one certificate only waits for the CA to issue it, another is worked on in its place. */
  lend: <T>(wait: () => Promise<T>) => Promise<T>;
}

/**
 * The most certificates that wait for the CA in lent places, as a multiple of `most`: as many are worked on
 * at one time, however long the CA takes.
 */
const lentAtMost = 10;

/**
 * Lets a run find how many certificates at one time its CA bears: half as many after a refusal, and one more
 * each time that as many as are let through have gone well.
 * @param most where the number starts, and doesn't go beyond
 */
export function levelled(limit: LimitFunction, most: number, pressure: CaPressure): Places {
  let seen = pressure.refusals;
  let well = 0;
  let level = most;
  let lent = 0;
  const setTo = (next: { level?: number; lent?: number }): void => {
    ({ level, lent } = { level, lent, ...next });
    limit.concurrency = level + lent;
  };
  return {
    isDone() {
      if (pressure.refusals > seen) {
        seen = pressure.refusals;
        well = 0;
        setTo({ level: Math.max(1, Math.floor(level / 2)) });
        return;
      }
      well += 1;
      if (well < level || level >= most) return;
      well = 0;
      setTo({ level: level + 1 });
    },
    async lend(wait) {
      if (lent >= most * lentAtMost) return wait();
      setTo({ lent: lent + 1 });
      try {
        return await wait();
      } finally {
        setTo({ lent: lent - 1 });
      }
    },
  };
}
