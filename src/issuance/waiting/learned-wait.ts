import type { Session } from '../../acme/session.ts';

/** The bounds of a first wait: Pebble takes milliseconds, public CAs a second or more; longer is noticed. */
const shortestMs = 30;
const longestMs = 1_000;
/** An outcome that takes longer says nothing of the CA: the server of that name is slow. */
const slowMs = 5_000;
/**
 * A look too early costs a request, and after a moment's stall many that are under way at once have all
 * looked too early. When they look one by one, the wait settles where one look in 82 is too early: ln 1.5 ÷
 * -ln 0.995 is 81.
 */
const growth = 1.5;
const decay = 0.995;

/**
 * The wait before the first look at an outcome: how long the CA takes for it, as this run has seen so far.
 */
export class LearnedWait {
  #ms = shortestMs;

  get ms(): number {
    return this.#ms;
  }

  /** Learns that the outcome was there at the first look. */
  sufficed(): void {
    this.#ms = Math.max(shortestMs, this.#ms * decay);
  }

  /**
   * Learns that the outcome wasn't there at the first look.
   * @param waitedMs how long after sending the CA was first asked for the outcome
   * @param tookMs how long after sending the outcome was seen
   */
  fellShort(waitedMs: number, tookMs: number): void {
    if (tookMs > slowMs) return;
    // The wait grows from the one that was too short, not from the lessons of others meanwhile: many are
    // under way at once.
    this.#ms = Math.min(longestMs, Math.max(this.#ms, waitedMs * growth));
  }
}

export interface LearnedWaits {
  /** From the submit of a challenge to the verdict on its order. */
  validation: LearnedWait;
  /** From finalize to the certificate. */
  issuance: LearnedWait;
}

/** The learned waits of one CA, for as long as the run talks to it. */
export function learnedWaits(session: Session): LearnedWaits {
  const known = bySession.get(session) ?? { validation: new LearnedWait(), issuance: new LearnedWait() };
  bySession.set(session, known);
  return known;
}

const bySession = new WeakMap<Session, LearnedWaits>();
