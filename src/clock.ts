import { uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** The time and the only way to let it pass; tests hand in another. */
export interface Clock {
  /**
   * The time on this process's own line. Nobody moves it who sets the machine's clock, so two of its readings tell how long something
   * took, and a deadline stays where it is.
   */
  now(): Date;
  /** What the machine's clock shows at this moment, jumps and all: for what others compare with theirs. */
  wallNow(): Date;
  /** Waits `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's timers hold 31 bits; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;
/** The kernel tells its uptime in hundredths of a second, other systems in seconds. */
const uptimeResolutionMs = 2_000;

/** What the two clocks that can't be set say, in milliseconds since a moment of their own. */
export interface Ticks {
  /** Stands still while the machine sleeps. */
  awakeMs(): number;
  /** Goes on while the machine sleeps. */
  uptimeMs(): number;
}

/** The kernel's uptime is a file that is read; a sleep of the machine is noticed so much later. */
const uptimeEveryMs = 50;

/** What `read` said last, and the time that has passed since, while that is no longer than the machine was awake for 50 ms. */
export function seldomRead(read: () => number, awakeMs: () => number): () => number {
  let [readAtMs, value] = [-Infinity, 0];
  return () => {
    const now = awakeMs();
    if (now - readAtMs >= uptimeEveryMs) [readAtMs, value] = [now, read()];
    return value + (now - readAtMs);
  };
}

const awakeMs = (): number => performance.now();
const machineTicks: Ticks = { awakeMs, uptimeMs: seldomRead(() => uptime() * 1000, awakeMs) };

/**
 * A line of time that begins at `startMs` and never jumps: it counts what has passed, a machine's sleep included, and never goes back.
 * @returns milliseconds since 1970
 */
export function steadyLine(startMs: number, ticks: Ticks = machineTicks): () => number {
  const begin = { awakeMs: ticks.awakeMs(), uptimeMs: ticks.uptimeMs() };
  let last = startMs;
  return () => {
    const awakeMs = ticks.awakeMs() - begin.awakeMs;
    const asleepMs = ticks.uptimeMs() - begin.uptimeMs - awakeMs;
    last = Math.max(last, startMs + awakeMs + (asleepMs > uptimeResolutionMs ? asleepMs : 0));
    return last;
  };
}

const steadyMs = steadyLine(Date.now());

export const systemClock: Clock = {
  now: () => new Date(steadyMs()),
  wallNow: () => new Date(),
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

/** A time as messages and lists have it (RFC 3339, UTC); `missing` where there is none. */
export function timeText(at: Date | null, missing = ''): string {
  return at === null ? missing : at.toISOString();
}

/** Whether two times are one moment, or both aren't there. */
export function isSameTime(one: Date | null, other: Date | null): boolean {
  return one?.getTime() === other?.getTime();
}

/** `now` plus milliseconds. */
export function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
