import type { IncomingMessage } from 'node:http';
import type { SeenRequest } from './acme-request.ts';
import { AuthorizationCensus, type CountedAuthorization } from './authorization-census.ts';
import { ListGate } from './list-gate.ts';
import type { Upstream, UpstreamAnswer } from './upstream.ts';

/** An answer that Pebble didn't give. A `body` that isn't text goes out as a problem document. */
export interface MadeUpAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** One way in which another CA differs from Pebble. It may keep what it has seen. */
export interface CaRule {
  /** Answers in Pebble's place, which then doesn't hear of the request. */
  before?(request: SeenRequest, census: AuthorizationCensus): MadeUpAnswer | undefined;
  /** Sees what Pebble or a rule has answered, before the census does, and may give something else back. */
  after?(
    request: SeenRequest,
    answer: UpstreamAnswer,
    census: AuthorizationCensus,
  ): UpstreamAnswer | undefined;
  /** An authorization was pending, and this request's answer showed that it no longer is. */
  ended?(authorization: CountedAuthorization, request: SeenRequest): void;
}

/** Pebble with rules in front: for whoever asks, they are the CA together. */
export class RuledCa {
  rules: CaRule[];
  readonly census: AuthorizationCensus;
  private readonly upstream: Upstream;
  private readonly gate = new ListGate();

  constructor(upstream: Upstream, rules: CaRule[] = []) {
    this.upstream = upstream;
    this.rules = rules;
    this.census = new AuthorizationCensus((authorization, request) => {
      for (const rule of this.rules) rule.ended?.(authorization, request);
    });
  }

  /** The first rule that answers wins; those behind it aren't asked. Faults on the way back come after the census. */
  async take(
    seen: SeenRequest,
    { url = '/', headers }: IncomingMessage,
    body: Buffer,
  ): Promise<UpstreamAnswer> {
    const ruled = this.ruling(seen);
    let answer =
      ruled === undefined
        ? await this.gate.pass(seen.kind, () => this.upstream.send(seen.method, url, headers, body))
        : await this.madeUp(ruled, { host: headers.host ?? '', withNonce: true });
    for (const rule of this.rules) answer = rule.after?.(seen, answer, this.census) ?? answer;
    seen.status = answer.status;
    this.census.record(seen, {
      status: answer.status,
      location: answer.headers.location,
      body: answer.body.toString('utf8'),
    });
    return answer;
  }

  /** Brings an answer into the form that Pebble's have. */
  async madeUp(
    { status, headers, body = '' }: MadeUpAnswer,
    { host, withNonce }: { host: string; withNonce: boolean },
  ): Promise<UpstreamAnswer> {
    const nonce = withNonce ? await this.upstream.nonce(host) : undefined;
    return {
      status,
      headers: {
        ...(typeof body === 'string' ? {} : { 'content-type': 'application/problem+json' }),
        ...(nonce === undefined ? {} : { 'replay-nonce': nonce }),
        ...headers,
      },
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    };
  }

  private ruling(seen: SeenRequest): MadeUpAnswer | undefined {
    for (const rule of this.rules) {
      const answer = rule.before?.(seen, this.census);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
}
