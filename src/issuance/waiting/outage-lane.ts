import { later } from '../../clock.ts';
import type { AcmeLedgerError } from '../../errors.ts';

const longestWaitMs = 60_000;
/**
 * The longest wait when a CA answers, and breaks on one kind of request alone: a trial costs no time-out, so
 * there are more.
 */
const longestWaitOfOneKindMs = 8_000;
/**
 * After a trial that met a fault of a CA that answers, so many times as many requests make the next trial:
 * the fault may be the first request's own.
 */
const growth = 4;
/** A waiting request tries as soon as it may: a lane without a trial for so long has none waiting. */
const unusedAfterMs = 10_000;

/** The n-th wait in a row: 1, 2, 4 … 60 s, and not before a time that the CA wants within a minute. */
export function waitAfter(faults: number, { retryAt }: AcmeLedgerError, now: Date): number {
  const ownMs = 1_000 * 2 ** Math.min(Math.max(faults, 1) - 1, 6);
  const askedMs = retryAt === undefined ? 0 : retryAt.getTime() - now.getTime();
  return Math.min(Math.max(ownMs, askedMs), longestWaitMs);
}

/**
 * A lane of requests that break together; `open` while they are held back. Numbers that requests get when
 * they are sent tell which is older.
 */
export class Lane {
  open: OpenLane | null = null;
  /** Faults since the last answer. */
  faults = 0;
  readonly #failing = new Set<unknown>();
  #answered = 0;

  get isOpen(): boolean {
    return this.open !== null;
  }

  /**
   * Counts a fault of a request; a request sent before another that has been answered says nothing any more.
   */
  note(about: unknown, sequence: number): void {
    if (sequence < this.#answered) return;
    this.faults += 1;
    this.#failing.add(about);
  }

  begin(error: AcmeLedgerError, now: Date, sequence: number): void {
    this.open = new OpenLane(error, now, sequence);
  }

  answered(sequence: number): void {
    this.#answered = Math.max(this.#answered, sequence);
    // A request sent before the lane was opened may be answered by a CA that has gone since.
    if (this.open !== null && sequence < this.open.sequence) return;
    this.#close();
  }

  closeIfUnused(now: Date): void {
    if (this.open !== null && this.open.isUnused(now)) this.#close();
  }

  /** Whether other requests have met faults since the last answer. */
  isShared(about: unknown): boolean {
    return this.#failing.size > (this.#failing.has(about) ? 1 : 0);
  }

  #close(): void {
    this.open = null;
    this.faults = 0;
    this.#failing.clear();
  }
}

/** The state of a lane whose requests are held back: when the next trial is, and who may make it. */
export class OpenLane {
  /** The last fault. */
  error: AcmeLedgerError;
  readonly sequence: number;
  nextTrialAt: Date;
  /** Whether the CA answers other requests. */
  isUp = false;
  #waits = 1;
  #turns = 0;
  #width = 1;
  #waiting = 0;

  constructor(error: AcmeLedgerError, now: Date, sequence: number) {
    this.error = error;
    this.sequence = sequence;
    this.nextTrialAt = later(now, this.#waitMs(now));
  }

  /** Begins a trial: the next wait runs from here on, so that no second trial is made beside it. */
  beginTrial(now: Date): void {
    this.#waits += 1;
    this.#turns = 0;
    this.nextTrialAt = later(now, this.#waitMs(now));
  }

  /** Counts a waiting request, for as long as `wait` lasts. */
  async count(wait: Promise<void>): Promise<void> {
    this.#waiting += 1;
    await wait.finally(() => (this.#waiting -= 1));
  }

  /**
   * Lets the caller send its request, and more of those that wait now where earlier ones broke although the
   * CA answers. Not more than these: with a turn that is left over, a request would be repeated right after
   * it broke.
   */
  admit(isUp: boolean): void {
    this.isUp = isUp;
    this.#turns = Math.min(this.#width - 1, this.#waiting);
    if (isUp) this.#width *= growth;
  }

  /** Takes a turn. @returns whether the caller is among the admitted */
  takeTurn(): boolean {
    if (this.#turns === 0) return false;
    this.#turns -= 1;
    return true;
  }

  /** The trial has failed: the wait runs from now on. */
  failed(error: AcmeLedgerError, now: Date): void {
    this.error = error;
    const next = later(now, this.#waitMs(now));
    if (next > this.nextTrialAt) this.nextTrialAt = next;
  }

  isUnused(now: Date): boolean {
    return now > later(this.nextTrialAt, unusedAfterMs);
  }

  #waitMs(now: Date): number {
    const waitMs = waitAfter(this.#waits, this.error, now);
    return this.isUp ? Math.min(waitMs, longestWaitOfOneKindMs) : waitMs;
  }
}
