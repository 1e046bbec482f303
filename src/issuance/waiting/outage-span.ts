import { type Clock, timeText } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { Log } from '../../log-and-stops.ts';

/**
 * The span of an outage: since when a CA is out of order, how long a run has waited for that so far, and
 * whether it was told.
 */
export class OutageSpan {
  readonly #parts: { clock: Clock; log: Log; leftMs: (waitedMs: number) => number };
  #begunAt: Date | null = null;
  #isTold = false;
  #waitedMs = 0;

  constructor(parts: { clock: Clock; log: Log; leftMs: (waitedMs: number) => number }) {
    this.#parts = parts;
  }

  begin(): void {
    this.#begunAt ??= this.#parts.clock.now();
  }

  end(): void {
    if (this.#begunAt === null) return;
    const { clock, log } = this.#parts;
    const lastedMs = clock.now().getTime() - this.#begunAt.getTime();
    this.#waitedMs += lastedMs;
    this.#begunAt = null;
    if (!this.#isTold) return;
    this.#isTold = false;
    log.warn({}, `the CA answers again, after ${String(Math.max(1, Math.round(lastedMs / 1000)))} s`);
  }

  /** Warns of the outage: once, and only when a request does wait. */
  tell(error: AcmeLedgerError): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#parts.log.warn({}, `the CA is out of order, and is waited for, nothing is lost: ${error.message}`);
  }

  /** How much longer the run may wait. */
  leftMs(): number {
    const { clock, leftMs } = this.#parts;
    const nowMs = this.#begunAt === null ? 0 : clock.now().getTime() - this.#begunAt.getTime();
    return leftMs(this.#waitedMs + nowMs);
  }

  errorFor({ message, retryAt, problem }: AcmeLedgerError): AcmeLedgerError {
    const since = timeText(this.#begunAt ?? this.#parts.clock.now());
    return new AcmeLedgerError('ca-outage', `the CA has been out of order since ${since}: ${message}`, {
      hint: "nothing is lost: the next run goes on; see the CA's status page",
      ...(problem === undefined ? {} : { problem }),
      ...(retryAt === undefined ? {} : { retryAt }),
    });
  }
}
