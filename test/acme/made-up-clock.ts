import type { Clock } from '../../src/clock.ts';

/** A clock that stands until it is told otherwise; nobody sleeps on it. */
export function madeUpClock(start: string): Clock & { pass(ms: number): void } {
  let now = new Date(start).getTime();
  return {
    now: () => new Date(now),
    wallNow: () => new Date(now),
    sleep: () => Promise.reject(new Error('src/acme does not sleep')),
    pass(ms) {
      now += ms;
    },
  };
}
