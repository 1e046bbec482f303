import type { Clock } from '../clock.ts';

/** Pebble answers within milliseconds, public CAs within seconds: soon at first, then wider. */
const waitsMs = [60, 250, 500, 1000, 2000, 3000, 5000];

export interface PollOptions {
  clock: Clock;
  /** When to give up. */
  deadline: Date;
  signal: AbortSignal;
  /** The Retry-After of the answer that made the polling necessary. */
  retryAt?: Date | null;
}

/**
 * Asks again and again until `done` says so or the next question would come after the deadline, never earlier than the
 * last answer's Retry-After. The first question comes after the first wait.
 * @returns the last answer, done or not
 */
export async function poll<T extends { retryAt: Date | null }>(
  ask: () => Promise<T>,
  done: (answer: T) => boolean,
  options: PollOptions,
): Promise<T> {
  let retryAt = options.retryAt ?? null;
  for (let round = 0; ; round += 1) {
    await options.clock.sleep(waitMs(round, retryAt, options.clock), options.signal);
    const answer = await ask();
    if (done(answer)) return answer;
    retryAt = answer.retryAt;
    const next = options.clock.now().getTime() + waitMs(round + 1, retryAt, options.clock);
    if (next > options.deadline.getTime()) return answer;
  }
}

function waitMs(round: number, retryAt: Date | null, clock: Clock): number {
  const own = waitsMs[Math.min(round, waitsMs.length - 1)] ?? 0;
  if (retryAt === null) return own;
  const asked = retryAt.getTime() - clock.now().getTime();
  return Math.max(own, asked);
}
