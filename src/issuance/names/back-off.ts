import { later } from '../../clock.ts';
import type { FailureRule } from '../../ledger/names/failing-names.ts';

const minuteMs = 60_000;

const dayMs = 86_400_000;

/**
 * The share by which waits differ: many names that fail together, say for one dead zone, shall not come back
 * together for ever.
 */
const jitter = 0.1;

/**
 * The longest wait of a certificate that lives shorter than 24 days, as a share of its life: with a life of
 * six days it is tried every six hours.
 */
const longestShare = 1 / 24;

/**
 * The rule for how long a failing name is left alone: 1, 10, 100 minutes, then a day at a time, so that a
 * fault of a minute costs little and a dead name one failed validation a day. A name is suspended once it has
 * been failing for `suspendMs`.
 * @param random from 0 to 1
 */
export function failureRule(suspendMs: number, random: () => number = Math.random): FailureRule {
  return {
    nextAttemptAt: (step, now, lifeMs = null) =>
      later(now, Math.round(backOffMs(step, lifeMs) * (1 + jitter * random()))),
    shouldSuspend: (failingSince, now) => now.getTime() - failingSince.getTime() >= suspendMs,
  };
}

/** The rule for the names of a certificate that lives so long; null when its life isn't known. */
export function forLife(rule: FailureRule, lifeMs: number | null): FailureRule {
  return { ...rule, nextAttemptAt: (step, now) => rule.nextAttemptAt(step, now, lifeMs) };
}

/** How long the stored certificate lives from its beginning to its end; null when nothing is stored. */
export function lifeMsOf({
  not_before,
  not_after,
}: {
  not_before: Date | null;
  not_after: Date | null;
}): number | null {
  return not_before === null || not_after === null ? null : not_after.getTime() - not_before.getTime();
}

/** The wait after a number of failures, without the jitter. */
function backOffMs(step: number, lifeMs: number | null): number {
  const usualMs = step <= 3 ? minuteMs * 10 ** (step - 1) : dayMs;
  return lifeMs === null ? usualMs : Math.min(usualMs, Math.max(minuteMs, lifeMs * longestShare));
}

/** The number of failures in a row after which a wait is so long; 0 when it is shorter than the first. */
export function backOffStep(waitMs: number, lifeMs: number | null = null): number {
  return [1, 2, 3, 4].filter((step) => backOffMs(step, lifeMs) <= waitMs).length;
}
