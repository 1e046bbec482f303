import type { Clock } from '../../clock.ts';
import type { Pace, Rate } from '../../ca-limits.ts';
import type { Directory } from '../objects/resources.ts';
import type { Transport } from './transport.ts';

/**
 * A transport that asks no faster than the CA's load balancer lets one address (it would answer 503 to all of its processes): requests
 * beyond that wait for their turn, first come, first served.
 * @param directory where newNonce and newOrder are; null before it is known
 * @param takeTurn also waited for, by each request
 */
export function pacedTransport(
  transport: Transport,
  pace: Pace,
  clock: Clock,
  directory: () => Directory | null,
  takeTurn: TakeTurn = () => Promise.resolve(),
): Transport {
  const everything = new Turns(pace.everything, clock);
  const newNonce = new Turns(pace.newNonce, clock);
  const newOrder = new Turns(pace.newOrder, clock);
  return {
    async send(request) {
      const known = directory();
      if (request.url === known?.newNonce) await newNonce.take(request.signal);
      if (request.url === known?.newOrder) await newOrder.take(request.signal);
      await everything.take(request.signal);
      await takeTurn(request.signal);
      return transport.send(request);
    },
    close: () => {
      transport.close();
    },
  };
}

/** Waits until a request may be sent. @throws the signal's reason when it is aborted first */
export type TakeTurn = (signal: AbortSignal | undefined) => Promise<void>;

/** Turns that many sessions take in common: no two requests closer together than so many a second. */
export function evenTurns(perSecond: number, clock: Clock): TakeTurn {
  const turns = new Turns({ perSecond, burst: 1 }, clock);
  return (signal) => turns.take(signal);
}

/** A token bucket from which tokens are taken ahead of their time: whoever takes one waits until it is there. */
class Turns {
  readonly #rate: Rate | null;
  readonly #clock: Clock;
  #fullAtMs = 0;

  constructor(rate: Rate | null, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** @throws the signal's reason when it is aborted first */
  async take(signal: AbortSignal | undefined): Promise<void> {
    if (this.#rate === null) return;
    const nowMs = this.#clock.now().getTime();
    const tokenMs = 1_000 / this.#rate.perSecond;
    this.#fullAtMs = Math.max(this.#fullAtMs, nowMs) + tokenMs;
    const waitMs = this.#fullAtMs - tokenMs * this.#rate.burst - nowMs;
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
  }
}
