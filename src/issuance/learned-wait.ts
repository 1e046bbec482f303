import type { Session } from '../acme/session.ts';

/** Pebble takes milliseconds, a public CA a second or more; whoever waits longer than that before the first look is noticed. */
const shortestMs = 30;
const longestMs = 1_000;
/**
 * A look too early costs a request. The wait settles where one in fourteen comes too early (ln 1.5 ÷ -ln 0.97 is 13), so that a few
 * names whose server is slow don't keep all others waiting.
 */
const growth = 1.5;
const decay = 0.97;

/** How long a CA takes for something, as this run has seen it so far: how long to wait before the first look. */
export class LearnedWait {
  #ms = shortestMs;

  get ms(): number {
    return this.#ms;
  }

  /**
   * @param waitedMs how long after it was sent the CA was first asked for the outcome
   * @param wasThere whether it knew the outcome by then
   */
  learn(waitedMs: number, wasThere: boolean): void {
    if (wasThere) this.#ms = Math.max(shortestMs, this.#ms * decay);
    // By the wait that was too short, not by what others have learned meanwhile: many are under way at once.
    else this.#ms = Math.min(longestMs, Math.max(this.#ms, waitedMs * growth));
  }
}

export interface LearnedWaits {
  /** From the submit of a challenge to the verdict on its order. */
  validation: LearnedWait;
  /** From finalize to the certificate. */
  issuance: LearnedWait;
}

/** Those of one CA, for as long as the run talks to it. */
export function learnedWaits(session: Session): LearnedWaits {
  const known = bySession.get(session) ?? { validation: new LearnedWait(), issuance: new LearnedWait() };
  bySession.set(session, known);
  return known;
}

const bySession = new WeakMap<Session, LearnedWaits>();
