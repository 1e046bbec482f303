import type { Clock } from '../../clock.ts';
import { isPassingFault } from '../../error-kinds.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { whileWaiting } from '../../waits.ts';
import type { LearnedWait } from './learned-wait.ts';

/** The waits between looks, short at first: Pebble answers within milliseconds, public CAs within seconds. */
const waitsMs = [30, 250, 500, 1000, 2000, 3000, 5000];
/**
 * The waits at a CA that wants to be asked later than there is time for: eight looks in the first minute,
 * four in each further one.
 */
const gentleWaitsMs = [1000, 2000, 3000, 5000, 5000, 10_000, 10_000, 15_000];

export interface PollOptions<T> {
  /** What is waited for, as a person is told. */
  what?: string;
  clock: Clock;
  /** When to give up. */
  deadline: Date;
  signal: AbortSignal;
  /** The answer that made the polling necessary; its Retry-After counts. */
  last?: T;
  /**
   * When the request was sent that the CA is at: the first wait counts from there, so that a long round trip
   * isn't waited for twice.
   */
  since?: Date;
  /** The learned wait for such an outcome: it is the first wait, and learns from this poll. */
  learned?: LearnedWait;
}

/**
 * So many faults of the CA in a row are waited out before the last one is the result. The waits in outage.ts
 * don't replace this: a session waits for a Retry-After no longer than its patience, however much time there
 * is here, and repeats nothing after a signal.
 */
const faultsBorne = 3;

/**
 * Asks again and again until `done` says so or the deadline has come, at which it asks a last time. It never
 * asks earlier than the last answer's Retry-After, be that after the deadline. But a Retry-After longer than
 * all the time that there is says nothing of this question (ZeroSSL says a day of work that is done in
 * seconds): then the CA is asked seldom, at our own pace. The first question comes after the first wait;
 * where there is no answer yet, it is asked in any case. A fault of the CA that passes (a 503, a broken
 * connection) is waited out like an answer without news.
 * @returns the last answer, done or not
 * @throws the error of `ask`: at once when it doesn't pass by itself, else when it lasts
 */
export async function poll<T extends { retryAt: Date | null }>(
  ask: () => Promise<T>,
  done: (answer: T) => boolean,
  options: PollOptions<T>,
): Promise<T> {
  const what = (): string => options.what ?? "waiting for the CA's answer";
  const limitMs = msUntil(options.deadline, options.clock);
  return whileWaiting({ what, limitMs }, () => pollUnnoted(ask, done, options));
}

async function pollUnnoted<T extends { retryAt: Date | null }>(
  ask: () => Promise<T>,
  done: (answer: T) => boolean,
  { clock, deadline, signal, last, since, learned }: PollOptions<T>,
): Promise<T> {
  const begun = since ?? clock.now();
  const budgetMs = msUntil(deadline, clock);
  let firstLookMs = 0;
  let answer = last;
  let retryAt = last?.retryAt ?? null;
  let gentleRounds = 0;
  const faults: AcmeLedgerError[] = [];
  for (let round = 0; ; round += 1) {
    const leftMs = msUntil(deadline, clock);
    const askedMs = retryAt === null ? 0 : msUntil(retryAt, clock);
    const isSenseless = faults.length === 0 && askedMs > budgetMs;
    const isOver = leftMs <= 0 || (askedMs > leftMs && !isSenseless);
    if (isOver && faults[0] !== undefined) throw faults[0];
    if (isOver && answer !== undefined) return answer;
    const passedMs = round === 0 && since !== undefined ? -msUntil(since, clock) : 0;
    const usualMs = isSenseless ? nth(gentleWaitsMs, gentleRounds) : nth(waitsMs, round);
    if (isSenseless) gentleRounds += 1;
    const ownMs = (round === 0 && learned !== undefined && !isSenseless ? learned.ms : usualMs) - passedMs;
    const waitMs = Math.max(0, Math.min(Math.max(ownMs, isSenseless ? 0 : askedMs), leftMs));
    await clock.sleep(waitMs, signal);
    if (round === 0) {
      // Other polls that are under way may have looked too early meanwhile.
      const moreMs = Math.min((learned?.ms ?? 0) + msUntil(begun, clock), leftMs - waitMs);
      if (moreMs > 1) await clock.sleep(moreMs, signal);
      firstLookMs = -msUntil(begun, clock);
    }
    try {
      answer = await ask();
      if (done(answer)) {
        if (round === 0) learned?.sufficed();
        else learned?.fellShort(firstLookMs, -msUntil(begun, clock));
        return answer;
      }
      faults.length = 0;
      retryAt = answer.retryAt;
    } catch (error) {
      const isPassing = error instanceof AcmeLedgerError && isPassingFault(error);
      if (!isPassing || faults.length === faultsBorne) throw error;
      faults.unshift(error);
      retryAt = error.retryAt ?? null;
    }
  }
}

function nth(waits: readonly number[], round: number): number {
  return waits[Math.min(round, waits.length - 1)] ?? 0;
}

function msUntil(time: Date, clock: Clock): number {
  return time.getTime() - clock.now().getTime();
}
