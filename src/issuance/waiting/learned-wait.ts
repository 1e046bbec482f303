import type { Session } from '../../acme/session.ts';

/** Pebble takes milliseconds, a public CA a second or more; whoever waits longer than that before the first look is noticed. */
const shortestMs = 30;
const longestMs = 1_000;
/** What takes longer says nothing of the CA: the server of that name is slow. */
const slowMs = 5_000;
/**
 * A look too early costs a request, and of many that are under way at once a moment's stall has all come too early. One by one the wait settles
 * where one in 82 does: ln 1.5 ÷ -ln 0.995 is 81.
 */
const growth = 1.5;
const decay = 0.995;

/** How long a CA takes for something, as this run has seen it so far: how long to wait before the first look. */
export class LearnedWait {
  #ms = shortestMs;

  get ms(): number {
    return this.#ms;
  }

  /** The outcome was there at the first look. */
  sufficed(): void {
    this.#ms = Math.max(shortestMs, this.#ms * decay);
  }

  /**
   * It wasn't.
   * @param waitedMs how long after it was sent the CA was first asked for the outcome
   * @param tookMs how long after it the outcome was seen
   */
  fellShort(waitedMs: number, tookMs: number): void {
    if (tookMs > slowMs) return;
    // By the wait that was too short, not by what others have learned meanwhile: many are under way at once.
    this.#ms = Math.min(longestMs, Math.max(this.#ms, waitedMs * growth));
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
