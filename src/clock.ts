import { setTimeout as delay } from 'node:timers/promises';

/** The time and the only way to let it pass; tests hand in another. */
export interface Clock {
  now(): Date;
  /** Waits `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    try {
      await delay(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
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
