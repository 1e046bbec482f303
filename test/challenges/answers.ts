import type { ChallengeAnswer, ChallengeType } from '../../src/challenges/solver.ts';
import type { Clock } from '../../src/clock.ts';

/** An answer as the flow would ask for it. */
export function answerFor(type: ChallengeType, name: string, token = 'token-1_A'): ChallengeAnswer {
  return {
    type,
    identifier: { type: /^[0-9.]+$|:/.test(name) ? 'ip' : 'dns', value: name },
    token,
    keyAuthorization: `${token}.thumbprint`,
  };
}

/** Time that passes only by sleeping, at once. */
export function instantClock(): Clock {
  let nowMs = Date.now();
  return {
    now: () => new Date(nowMs),
    wallNow: () => new Date(nowMs),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      nowMs += ms;
      return Promise.resolve();
    },
  };
}

export const never = new AbortController().signal;
