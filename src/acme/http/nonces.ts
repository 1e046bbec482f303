import { later, type Clock } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';

export interface NoncePoolOptions {
  /** Asks newNonce for a nonce (RFC 8555 §7.2). */
  fetchNonce: (signal?: AbortSignal) => Promise<string | undefined>;
  clock: Clock;
  /** Nonces in circulation, so requests at once. Default 10: what Let's Encrypt allows newNonce in one burst. */
  maxInFlight?: number | undefined;
}

interface Pooled {
  nonce: string;
  takenInAt: Date;
}

/** Wakes a request that waits: with a nonce, or with undefined for leave to fetch one. */
type Waiter = (nonce: string | undefined) => void;

const defaultMaxInFlight = 10;
const maxAgeMs = 5 * 60_000; // CAs keep a nonce for minutes to hours; a stale one costs a badNonce round
const maxRemembered = 4096; // used nonces, against a cache that hands one out again

/**
 * The nonces of one directory (RFC 8555 §6.5). A request takes one and gives back the one that its answer brought, so no more
 * are ever fetched than requests are under way at once, at most `maxInFlight`; further requests wait for their turn.
 * No nonce is handed out twice.
 */
export class NoncePool {
  readonly #options: NoncePoolOptions;
  readonly #limit: number;
  readonly #idle: Pooled[] = [];
  readonly #waiting: Waiter[] = [];
  readonly #seen = new Set<string>();
  #inFlight = 0;

  constructor(options: NoncePoolOptions) {
    this.#options = options;
    this.#limit = Math.max(1, options.maxInFlight ?? defaultMaxInFlight);
  }

  /**
   * A nonce for one request; each must be followed by exactly one `giveBack` or `giveBackUnused`.
   * @throws AcmeLedgerError from `fetchNonce`, or `ca-answer` when it has none; the signal's reason
   */
  async take(signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    let nonce = this.#newestIdle();
    if (nonce === undefined && this.#inFlight >= this.#limit) nonce = await this.#turn(signal);
    else this.#inFlight += 1;
    return nonce ?? this.#fetch(signal);
  }

  /** Ends the request that took a nonce. `next` is the one that its answer brought, if any. */
  giveBack(next: string | undefined): void {
    this.#pass(this.admit(next));
  }

  /** Ends the request that took this nonce and was never sent: another one can be sent with it. */
  giveBackUnused(nonce: string): void {
    this.#pass(nonce);
  }

  #pass(nonce: string | undefined): void {
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) {
      waiter(nonce);
      return;
    }
    this.#inFlight -= 1;
    if (nonce !== undefined) this.#idle.push({ nonce, takenInAt: this.#options.clock.now() });
  }

  /** Takes a nonce that no request brought. */
  offer(next: string | undefined): void {
    const nonce = this.admit(next);
    if (nonce !== undefined) this.#idle.push({ nonce, takenInAt: this.#options.clock.now() });
  }

  /** The nonce if it can be used: well-formed (RFC 8555 §6.5.1: others are ignored) and never seen before. */
  admit(nonce: string | undefined): string | undefined {
    if (nonce === undefined || !/^[A-Za-z0-9_-]{1,512}$/.test(nonce) || this.#seen.has(nonce))
      return undefined;
    this.#seen.add(nonce);
    const [oldest] = this.#seen;
    if (this.#seen.size > maxRemembered && oldest !== undefined) this.#seen.delete(oldest);
    return nonce;
  }

  #newestIdle(): string | undefined {
    const youngest = later(this.#options.clock.now(), -maxAgeMs);
    const pooled = this.#idle.pop();
    if (pooled !== undefined && pooled.takenInAt >= youngest) return pooled.nonce;
    this.#idle.length = 0; // the newest is on top: the others are older still
    return undefined;
  }

  #turn(signal: AbortSignal | undefined): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = (nonce) => {
        signal?.removeEventListener('abort', leave);
        resolve(nonce);
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  async #fetch(signal: AbortSignal | undefined): Promise<string> {
    try {
      const nonce = this.admit(await this.#options.fetchNonce(signal));
      if (nonce !== undefined) return nonce;
    } catch (error) {
      this.giveBack(undefined);
      throw error;
    }
    this.giveBack(undefined);
    throw new AcmeLedgerError(
      'ca-answer',
      'newNonce of the CA gives no usable nonce, or one that was used already',
      {
        hint: 'look for a cache between this machine and the CA (RFC 8555 §7.2: no-store)',
      },
    );
  }
}
