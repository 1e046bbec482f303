import type { Clock } from '../../src/clock.ts';

/** A clock on which time passes by sleeping, at once. */
export interface PassingClock extends Clock {
  /** What was slept so far, in milliseconds. */
  slept: number[];
  pass(ms: number): void;
}

export function passingClock(start = '2026-01-01T00:00:00.000Z'): PassingClock {
  let nowMs = Date.parse(start);
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(nowMs),
    wallNow: () => new Date(nowMs),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
      nowMs += Math.max(0, ms);
      // Others get their turn, as in a real sleep.
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
    pass(ms) {
      nowMs += ms;
    },
  };
}
