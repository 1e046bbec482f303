import { later } from '../clock.ts';
import type { FailureRule } from '../ledger/identifiers.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Many names that fail together, say for one dead zone, shall not come back together for ever. */
const jitter = 0.1;

/** `--suspend-after`: Let's Encrypt pauses a name after 1,152 failures in a row; one a day for as long is far from it. */
export const usualSuspendMs = 10 * dayMs;

/**
 * How long a name that fails is left alone: 1, 10, 100 minutes, then a day at a time, so that a fault of a minute costs little and a dead
 * name one failed validation a day; suspended once it has been failing for `suspendMs`.
 * @param random from 0 to 1
 */
export function failureRule(suspendMs: number, random: () => number = Math.random): FailureRule {
  return {
    nextAttemptAt: (step, now) => later(now, Math.round(backOffMs(step) * (1 + jitter * random()))),
    isHopeless: (failingSince, now) => now.getTime() - failingSince.getTime() >= suspendMs,
  };
}

/** Without the jitter. */
function backOffMs(step: number): number {
  return step <= 3 ? minuteMs * 10 ** (step - 1) : dayMs;
}

/** After how many failures in a row one waits for so long; 0 when it didn't. */
export function backOffStep(waitMs: number): number {
  return [1, 2, 3, 4].filter((step) => backOffMs(step) <= waitMs).length;
}
