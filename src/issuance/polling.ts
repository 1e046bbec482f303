import type { Clock } from '../clock.ts';

/** Pebble answers within milliseconds, public CAs within seconds: soon at first, then wider. */
const waitsMs = [30, 250, 500, 1000, 2000, 3000, 5000];

export interface PollOptions<T> {
  clock: Clock;
  /** When to give up. */
  deadline: Date;
  signal: AbortSignal;
  /** The answer that made the polling necessary; its Retry-After counts. */
  last?: T;
}

/**
 * Asks again and again until `done` says so or the deadline has come, at which it asks a last time; never earlier than the last
 * answer's Retry-After, be that after the deadline. The first question comes after the first wait; where there is no answer yet, it is
 * asked in any case.
 * @returns the last answer, done or not
 */
export async function poll<T extends { retryAt: Date | null }>(
  ask: () => Promise<T>,
  done: (answer: T) => boolean,
  { clock, deadline, signal, last }: PollOptions<T>,
): Promise<T> {
  let answer = last;
  for (let round = 0; ; round += 1) {
    const leftMs = msUntil(deadline, clock);
    const askedMs = answer === undefined || answer.retryAt === null ? 0 : msUntil(answer.retryAt, clock);
    if (answer !== undefined && (leftMs <= 0 || askedMs > leftMs)) return answer;
    const ownMs = waitsMs[Math.min(round, waitsMs.length - 1)] ?? 0;
    await clock.sleep(Math.max(0, Math.min(Math.max(ownMs, askedMs), leftMs)), signal);
    answer = await ask();
    if (done(answer)) return answer;
  }
}

function msUntil(time: Date, clock: Clock): number {
  return time.getTime() - clock.now().getTime();
}
