import { setTimeout as delay } from 'node:timers/promises';

/** The time and the only way to let it pass; tests hand in another. */
export interface Clock {
  now(): Date;
  /** Waits `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's timers hold 31 bits; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    try {
      for (let left = Math.max(0, ms); ; left -= longestTimerMs) {
        await delay(Math.min(left, longestTimerMs), undefined, signal === undefined ? {} : { signal });
        if (left <= longestTimerMs) return;
      }
    } catch (error) {
      // node:timers reports AbortError; the reason says who asked for it.
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};

/** `now` plus milliseconds. */
export function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
