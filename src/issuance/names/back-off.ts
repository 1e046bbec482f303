import { later } from '../../clock.ts';
import type { FailureRule } from '../../ledger/names/failing-names.ts';

const minuteMs = 60_000;

const dayMs = 86_400_000;

/** Many names that fail together, say for one dead zone, shall not come back together for ever. */
const jitter = 0.1;

/** The longest wait of a certificate that lives shorter than 24 days is this share of its life: one of six days is tried every six hours. */
const longestShare = 1 / 24;

/**
 * How long a name that fails is left alone: 1, 10, 100 minutes, then a day at a time, so that a fault of a minute costs little and a dead
 * name one failed validation a day; suspended once it has been failing for `suspendMs`.
 * @param random from 0 to 1
 */
export function failureRule(suspendMs: number, random: () => number = Math.random): FailureRule {
  return {
    nextAttemptAt: (step, now, lifeMs = null) =>
      later(now, Math.round(backOffMs(step, lifeMs) * (1 + jitter * random()))),
    shouldSuspend: (failingSince, now) => now.getTime() - failingSince.getTime() >= suspendMs,
  };
}

/** The same rule for what belongs to a certificate that lives so long; null: not known. */
export function forLife(rule: FailureRule, lifeMs: number | null): FailureRule {
  return { ...rule, nextAttemptAt: (step, now) => rule.nextAttemptAt(step, now, lifeMs) };
}

/** How long the stored certificate lives from its beginning to its end; null when nothing is stored. */
export function lifeMsOf({
  not_before,
  not_after,
}: {
  not_before: string | null;
  not_after: string | null;
}): number | null {
  return not_before === null || not_after === null ? null : Date.parse(not_after) - Date.parse(not_before);
}

/** Without the jitter. */
function backOffMs(step: number, lifeMs: number | null): number {
  const usualMs = step <= 3 ? minuteMs * 10 ** (step - 1) : dayMs;
  return lifeMs === null ? usualMs : Math.min(usualMs, Math.max(minuteMs, lifeMs * longestShare));
}

/** After how many failures in a row one waits for so long; 0 when it didn't. */
export function backOffStep(waitMs: number, lifeMs: number | null = null): number {
  return [1, 2, 3, 4].filter((step) => backOffMs(step, lifeMs) <= waitMs).length;
}
