import { isOutcomeUnknown } from '../../acme/http/connection-failure.ts';
import type { Clock } from '../../clock.ts';
import type { AcmeLedgerError } from '../../errors.ts';
import type { Log } from '../../log-and-stops.ts';
import { Bell } from './bell.ts';
import { isAnswer, isFault } from './ca-faults.ts';
import { sleepUnless } from './interruptible-sleep.ts';
import { Lane, waitAfter } from './outage-lane.ts';
import { OutageSpan } from './outage-span.ts';
import type { Asked } from '../limits/announced-limit.ts';

/** Requests of one kind break together, as where a CA answers reads but can't write down new orders. */
export type RequestKind = Asked['kind'];

export interface OutageOptions {
  clock: Clock;
  log: Log;
  /** How many certificates are worked on at once: of few workers, fewer faults in a row say enough. */
  concurrency: number;
  /** How much longer the run may wait for its CA. @param waitedMs how long it has waited so far */
  leftMs: (waitedMs: number) => number;
  /** Aborted: nothing is waited for any more. */
  stop: AbortSignal;
}

export interface BearOptions {
  /** The subject that tells this request from others, where several calls are about the same subject. */
  about?: unknown;
  /** Whether the request may wait here before it is sent; otherwise its caller waits, by `pass`. */
  waits: boolean;
  mayRepeat: (error: AcmeLedgerError) => boolean;
}

/** One fault is bad luck, repeated alone; after so many with no answer between them all workers wait. */
const faultsInARow = 3;
/** A request that alone breaks is at fault itself: it is repeated after 1, 2, 4 and 8 s, and not again. */
const ownTries = 5;
/** The tries of a new order that alone breaks: few, as each lost order may have been made, and is counted. */
const ownOrders = 3;
/** The tries when an answer can't be read, which says less of the hour than of the CA. */
const unreadableTries = 3;

/**
 * The faults of one run's CA (a 5xx, a refused or broken connection, no answer in time), and the one place
 * where they are waited out. While the CA is out of order all requests of the run wait together, for 1, 2, 4
 * … 60 s, and after each wait one request tries it. No fault here is the failure of a certificate: a run that
 * may wait no longer ends its attempts with `ca-outage`, which nothing counts.
 */
export class Outage {
  /** Asks the CA, without effect and about no order, whether it answers at all; null without a session. */
  ping: ((signal?: AbortSignal) => Promise<void>) | null = null;
  readonly #options: OutageOptions;
  /** The lane of the connection and the nonces, which every request needs. */
  readonly #all = new Lane();
  readonly #lanes = new Map<RequestKind, Lane>();
  readonly #bell = new Bell();
  /** Faults that outlasted their request's own repetitions. */
  readonly #spent = new WeakSet<AcmeLedgerError>();
  /** By subject: how many of its faults met others, too, and so say nothing against the request. */
  readonly #shared = new Map<unknown, number>();
  #sequence = 0;
  readonly #span: OutageSpan;
  #end: AcmeLedgerError | null = null;

  constructor(options: OutageOptions) {
    this.#options = options;
    this.#span = new OutageSpan(options);
  }

  /** Why nothing more is asked of the CA in this run; null as long as there is no reason. */
  get end(): AcmeLedgerError | null {
    return this.#end;
  }

  /**
   * Sends one request, and sends it again after each fault of the CA as far as `mayRepeat` says: a request
   * that may have had an effect is only repeated by a caller that can look for it.
   * @throws AcmeLedgerError `ca-outage` when nothing was sent; what `act` throws
   */
  async bear<T>(
    kind: RequestKind,
    signal: AbortSignal | undefined,
    act: () => Promise<T>,
    { about = {}, waits, mayRepeat }: BearOptions,
  ): Promise<T> {
    for (let faults = 0; ;) {
      if (waits) await this.pass(kind, signal);
      const sequence = (this.#sequence += 1);
      try {
        const answer = await act();
        this.#answered(kind, sequence);
        this.#shared.delete(about);
        return answer;
      } catch (error) {
        if (!isFault(error)) {
          if (isAnswer(error)) this.#answered(kind, sequence);
          throw error;
        }
        faults += 1;
        const isUnreadable = isAnswer(error);
        const lane = isUnreadable ? null : this.#failed(kind, about, sequence, error);
        const isOver = isUnreadable ? faults >= unreadableTries : this.#isItsOwn(kind, lane, about, faults);
        if (isOver) this.#spent.add(error);
        if (isOver || !mayRepeat(error)) throw error;
        if (lane?.isOpen !== true) await this.#pause(this.#ownFaults(about, faults), signal, error);
      }
    }
  }

  /**
   * Waits until a request of this kind may be sent; when a trial is due, the first request to wait makes it.
   * @returns whether the request had to wait
   * @throws AcmeLedgerError `ca-outage` when that takes longer than the run may wait; the signal's reason
   */
  async pass(kind: RequestKind, signal?: AbortSignal): Promise<boolean> {
    const hasWaited = await this.#through(this.#all, signal);
    return (await this.#through(this.#lane(kind), signal)) || hasWaited;
  }

  /**
   * Whether a request that met this fault is to be sent again, after `pass`, by a caller that looks first for
   * its effect. Not right after the fault: a first wait has passed when this returns.
   * @param met the subject of the request, as `bear` was told, and how many faults it has met so far
   */
  async mayRepeat(
    kind: RequestKind,
    error: unknown,
    met: { about: unknown; faults: number },
    signal?: AbortSignal,
  ): Promise<boolean> {
    if (!isFault(error) || isAnswer(error) || this.#spent.has(error)) return false;
    if (this.#end !== null || this.#options.stop.aborted) return false;
    const lane = isOutcomeUnknown(error) ? this.#lane(kind) : this.#all;
    if (this.#isItsOwn(kind, lane, met.about, met.faults)) return false;
    if (!lane.isOpen) await this.#pause(this.#ownFaults(met.about, met.faults), signal, error);
    return true;
  }

  async #through(lane: Lane, signal: AbortSignal | undefined): Promise<boolean> {
    const { clock, stop } = this.#options;
    for (let hasWaited = false; ; hasWaited = true) {
      const { open } = lane;
      if (open === null) return hasWaited;
      if (this.#end !== null) throw this.#end;
      if (stop.aborted) throw this.#span.errorFor(open.error);
      if (open.takeTurn()) return true;
      const waitMs = open.nextTrialAt.getTime() - clock.now().getTime();
      if (waitMs > this.#span.leftMs()) throw this.#giveUp(open.error);
      this.#span.tell(open.error);
      if (waitMs > 0) await open.count(this.#sleep(waitMs, signal));
      else if (await this.#tried(lane, signal)) return true;
    }
  }

  /** Makes a trial. @returns whether the caller is to try the CA with its own request */
  async #tried(lane: Lane, signal: AbortSignal | undefined): Promise<boolean> {
    const { open } = lane;
    if (open === null) return true;
    const { clock } = this.#options;
    open.beginTrial(clock.now());
    try {
      await this.ping?.(signal);
    } catch (error) {
      if (!isFault(error)) throw error;
      open.isUp = false;
      open.failed(error, clock.now());
      // The ping is noted as a second subject: not one request alone breaks.
      lane.note('ping', (this.#sequence += 1));
      return false;
    }
    open.admit(this.ping !== null);
    this.#bell.ring();
    return true;
  }

  #lane(kind: RequestKind): Lane {
    const lane = this.#lanes.get(kind) ?? new Lane();
    this.#lanes.set(kind, lane);
    return lane;
  }

  /** Counts a fault, and opens its lane when there are enough. @returns the lane */
  #failed(kind: RequestKind, about: unknown, sequence: number, error: AcmeLedgerError): Lane {
    const { clock, concurrency } = this.#options;
    // A request that certainly wasn't sent met a fault on the way, or one of the nonces.
    const lane = isOutcomeUnknown(error) ? this.#lane(kind) : this.#all;
    lane.note(about, sequence);
    // Without a session nothing tells whether the CA answers others.
    if (this.ping === null) lane.note('ping', sequence);
    if (lane.isShared(about)) this.#shared.set(about, (this.#shared.get(about) ?? 0) + 1);
    if (lane.open !== null) {
      lane.open.failed(error, clock.now());
    } else if (lane.faults >= Math.min(faultsInARow, concurrency)) {
      this.#span.begin();
      lane.begin(error, clock.now(), (this.#sequence += 1));
    }
    return lane;
  }

  #answered(kind: RequestKind, sequence: number): void {
    const now = this.#options.clock.now();
    this.#all.answered(sequence);
    this.#lane(kind).answered(sequence);
    // A lane where nobody has waited since is closed: its requests have come to their end in another way.
    for (const lane of this.#lanes.values()) lane.closeIfUnused(now);
    if (this.#isOpen()) return;
    this.#bell.ring();
    this.#span.end();
  }

  #isOpen(): boolean {
    return this.#all.isOpen || [...this.#lanes.values()].some(({ isOpen }) => isOpen);
  }

  /** Whether a request's faults are its own: it alone broke, so often, and the CA answers others. */
  #isItsOwn(kind: RequestKind, lane: Lane | null, about: unknown, faults: number): boolean {
    if (lane === null || lane.isShared(about)) return false;
    // For a request that wasn't even sent that is known only once the CA itself was tried.
    if (lane === this.#all && lane.open?.isUp === false) return false;
    return this.#ownFaults(about, faults) >= (kind === 'newOrder' ? ownOrders : ownTries);
  }

  #ownFaults(about: unknown, faults: number): number {
    return faults - (this.#shared.get(about) ?? 0);
  }

  #giveUp(error: AcmeLedgerError): AcmeLedgerError {
    this.#end ??= this.#span.errorFor(error);
    this.#bell.ring();
    return this.#end;
  }

  /** Waits before a request that failed alone is sent again. */
  async #pause(faults: number, signal: AbortSignal | undefined, error: AcmeLedgerError): Promise<void> {
    const { clock, stop } = this.#options;
    if (stop.aborted) throw error;
    await sleepUnless(clock, waitAfter(faults, error, clock.now()), stopsWith(stop, signal));
  }

  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock, stop } = this.#options;
    await sleepUnless(clock, ms, stopsWith(stop, signal), this.#bell.signal);
  }
}

function stopsWith(stop: AbortSignal, signal: AbortSignal | undefined): AbortSignal[] {
  return signal === undefined ? [stop] : [stop, signal];
}
