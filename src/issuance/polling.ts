import type { Clock } from '../clock.ts';

/** Pebble answers within milliseconds, public CAs within seconds: soon at first, then wider. */
const waitsMs = [60, 250, 500, 1000, 2000, 3000, 5000];

export interface PollOptions<T> {
  clock: Clock;
  /** When to give up. */
  deadline: Date;
  signal: AbortSignal;
  /** The answer that made the polling necessary; its Retry-After counts. */
  last?: T;
}

/**
 * Asks again and again until `done` says so or the next question would come after the deadline, never earlier than the
 * last answer's Retry-After. The first question comes after the first wait; where there is no answer yet, it is asked in any case.
 * @returns the last answer, done or not
 */
export async function poll<T extends { retryAt: Date | null }>(
  ask: () => Promise<T>,
  done: (answer: T) => boolean,
  { clock, deadline, signal, last }: PollOptions<T>,
): Promise<T> {
  let answer = last;
  for (let round = 0; ; round += 1) {
    const wait = waitMs(round, answer?.retryAt ?? null, clock);
    const isTooLate = clock.now().getTime() + wait > deadline.getTime();
    if (isTooLate && answer !== undefined) return answer;
    await clock.sleep(isTooLate ? 0 : wait, signal);
    answer = await ask();
    if (done(answer)) return answer;
  }
}

function waitMs(round: number, retryAt: Date | null, clock: Clock): number {
  const own = waitsMs[Math.min(round, waitsMs.length - 1)] ?? 0;
  return retryAt === null ? own : Math.max(own, retryAt.getTime() - clock.now().getTime());
}
