import { setTimeout as delay } from 'node:timers/promises';
import type { HttpAnswer } from '../ledger/orders/presentations.ts';

/** So often the ledger is read though nobody asked for anything unknown: answers that were taken down are forgotten then. */
const everyMs = 1_000;
/** Between two reads that unknown tokens cause: whoever asks for many of them reads the ledger twenty times a second. */
const betweenMs = 50;
/** A ledger that is slow to read is read in a tenth of the time at most. */
const restFactor = 9;
/** So many requests may wait for a read; others with unknown tokens are told at once that there is nothing. */
const mostWaiting = 1_000;

/** How the answers are read, and who is told when they can't be, and when they can again. */
export interface AnswerSource {
  read: () => Promise<HttpAnswer[]>;
  tell: (failure: unknown) => void;
}

/**
 * The answers that are presented, in memory. A token that isn't known is looked for in the ledger once, by a read that begins after the
 * request came: an answer is there as soon as its row is.
 */
export class PresentedAnswers {
  readonly #source: AnswerSource;
  #answers: ReadonlyMap<string, HttpAnswer> = new Map();
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #waiting = 0;
  #restUntilMs = 0;
  /** The last failure to read, until a read succeeds. */
  #isFailing = false;

  constructor(source: AnswerSource) {
    this.#source = source;
  }

  get count(): number {
    return this.#answers.size;
  }

  known(token: string): HttpAnswer | undefined {
    return this.#answers.get(token);
  }

  /** Looks for a token that isn't known. */
  async lookFor(token: string): Promise<HttpAnswer | undefined> {
    if (this.#waiting >= mostWaiting) return undefined;
    this.#waiting += 1;
    try {
      await this.refresh();
      return this.#answers.get(token);
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Reads the answers, by a read that begins after this call; calls that come meanwhile share it. */
  refresh(): Promise<void> {
    this.#next ??= this.#readInTurn();
    return this.#next;
  }

  /** Keeps the answers up to date until the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.refresh();
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #readInTurn(): Promise<void> {
    await this.#running;
    const restMs = this.#restUntilMs - performance.now();
    if (restMs > 0) await delay(restMs);
    // Who comes from here on needs the next read.
    this.#next = null;
    this.#running = this.#read();
    await this.#running;
  }

  /** What is known stays where the ledger can't be read. */
  async #read(): Promise<void> {
    const startedMs = performance.now();
    try {
      const rows = await this.#source.read();
      this.#answers = new Map(rows.map((row) => [row.token, row]));
      if (this.#isFailing) this.#source.tell(null);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#source.tell(error);
      this.#isFailing = true;
    } finally {
      const endedMs = performance.now();
      this.#restUntilMs = endedMs + Math.max(betweenMs, restFactor * (endedMs - startedMs));
    }
  }
}
