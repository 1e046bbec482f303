import { later } from '../../clock.ts';
import type { AcmeLedgerError } from '../../errors.ts';

const longestWaitMs = 60_000;
/** A CA that answers, and breaks on one kind of request alone, costs no time-out: it is tried more often. */
const longestWaitOfOneKindMs = 8_000;
/** After a trial that met a fault of a CA that answers, so many times as many make the next one: what broke it may have been its own. */
const growth = 4;
/** Who waits tries as soon as it may: a lane that nobody has tried for so long has nobody waiting. */
const unusedAfterMs = 10_000;

/** The n-th wait in a row: 1, 2, 4 … 60 s, and not before the CA wants it, as far as that is in the next minute. */
export function waitAfter(faults: number, { retryAt }: AcmeLedgerError, now: Date): number {
  const ownMs = 1_000 * 2 ** Math.min(Math.max(faults, 1) - 1, 6);
  const askedMs = retryAt === undefined ? 0 : retryAt.getTime() - now.getTime();
  return Math.min(Math.max(ownMs, askedMs), longestWaitMs);
}

/** Requests that break together; `open` while they are held back. Who is older than whom is told by numbers that requests get when they are sent. */
export class Lane {
  open: OpenLane | null = null;
  /** Faults since the last answer. */
  faults = 0;
  readonly #failing = new Set<unknown>();
  #answered = 0;

  get isOpen(): boolean {
    return this.open !== null;
  }

  /** A fault of a request; one that was sent before another that has been answered says nothing any more. */
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
    // What was sent before the lane was opened may be answered by a CA that has gone since.
    if (this.open !== null && sequence < this.open.sequence) return;
    this.#close();
  }

  closeIfUnused(now: Date): void {
    if (this.open !== null && this.open.isUnused(now)) this.#close();
  }

  /** Whether anything else has met faults since the last answer. */
  isShared(about: unknown): boolean {
    return this.#failing.size > (this.#failing.has(about) ? 1 : 0);
  }

  #close(): void {
    this.open = null;
    this.faults = 0;
    this.#failing.clear();
  }
}

/** Held back: when the next trial is, and who may make it. */
export class OpenLane {
  /** The last fault. */
  error: AcmeLedgerError;
  readonly sequence: number;
  nextTrialAt: Date;
  /** Whether the CA answers other things. */
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

  /** From here on the next wait runs, so that a second trial isn't made beside this one. */
  beginTrial(now: Date): void {
    this.#waits += 1;
    this.#turns = 0;
    this.nextTrialAt = later(now, this.#waitMs(now));
  }

  /** Counts who waits, for as long as `wait` lasts. */
  async count(wait: Promise<void>): Promise<void> {
    this.#waiting += 1;
    await wait.finally(() => (this.#waiting -= 1));
  }

  /**
   * The caller may send its request, and more of those who wait now where earlier ones broke although the CA answers. Not more than these: a turn
   * that is left over would let somebody repeat what broke right after it broke.
   */
  admit(isUp: boolean): void {
    this.isUp = isUp;
    this.#turns = Math.min(this.#width - 1, this.#waiting);
    if (isUp) this.#width *= growth;
  }

  /** @returns whether it is one of those that were admitted */
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
