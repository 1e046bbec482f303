import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type RequestKind, type SeenRequest, kindOf, requestKinds } from './acme-request.ts';
import { AuthorizationCensus } from './authorization-census.ts';
import type { Fault, FaultHook } from './fault.ts';
import { payloadOf } from './jws.ts';
import { throwawayTls } from './throwaway-tls.ts';
import { type UpstreamAnswer, Upstream, endToEnd } from './upstream.ts';

/** A CA that counts, is slow, or misbehaves: a proxy in front of Pebble. Trusted by the same root as Pebble. */
export interface AcmeProxy {
  directoryUrl: string;
  /** Every request, in the order of arrival. */
  requests: SeenRequest[];
  counts: Record<RequestKind, number>;
  census: AuthorizationCensus;
  /** How many connections clients have opened. */
  connections(): number;
  /** Added to each request from now on. */
  setLatency(ms: number): void;
  /** Replaces the fault hook from now on; without one nothing goes wrong. */
  setFault(hook?: FaultHook): void;
  /** Begins to count anew; the census stays. */
  resetCounts(): void;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** Pebble's own directory. */
  directoryUrl: string;
  latencyMs?: number;
  fault?: FaultHook;
}

/** Starts the proxy on a free port of 127.0.0.1. */
export async function startProxy(options: ProxyOptions): Promise<AcmeProxy> {
  const tls = await throwawayTls();
  const upstream = new Upstream(options.directoryUrl, tls.caPem);
  const passage = new Passage(upstream, options);
  const server = createServer({ cert: tls.certificatePem, key: tls.privateKeyPem }, (request, response) => {
    passage.take(request, response).catch((error: unknown) => {
      // A fault hook with a fault of its own, or a CA that was stopped: say so to whoever reads the test's failure.
      if (!response.headersSent) response.writeHead(502);
      response.end(`the proxy of the test: ${String(error)}`);
    });
  });
  let connections = 0;
  server.on('secureConnection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    directoryUrl: `https://127.0.0.1:${port}${new URL(options.directoryUrl).pathname}`,
    requests: passage.requests,
    counts: passage.counts,
    census: passage.census,
    connections: () => connections,
    setLatency: (ms) => (passage.latencyMs = ms),
    setFault: (hook) => (passage.fault = hook),
    resetCounts: () => passage.resetCounts(),
    async stop() {
      upstream.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The way of a request through the proxy. */
class Passage {
  readonly requests: SeenRequest[] = [];
  readonly counts = noCounts();
  readonly census = new AuthorizationCensus();
  latencyMs: number;
  fault: FaultHook | undefined;
  private readonly upstream: Upstream;

  constructor(upstream: Upstream, { latencyMs = 0, fault }: ProxyOptions) {
    this.upstream = upstream;
    this.latencyMs = latencyMs;
    this.fault = fault;
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const seen = this.note(request, body);
    if (this.latencyMs > 0) await delay(this.latencyMs);
    const fault = await this.fault?.(seen);
    if (fault?.type === 'drop') {
      response.destroy();
    } else if (fault?.type === 'answer') {
      await this.answerInstead(request, response, fault);
    } else {
      if (fault?.type === 'delay' && fault.what === 'request') await delay(fault.ms);
      const answer = await this.passOn(request, body, seen);
      await passBack(response, answer, fault);
    }
  }

  resetCounts(): void {
    this.requests.length = 0;
    Object.assign(this.counts, noCounts());
  }

  private note(request: IncomingMessage, body: Buffer): SeenRequest {
    const { method = 'GET', url: path = '/', headers } = request;
    const url = `https://${headers.host ?? ''}${path}`;
    const payload = method === 'POST' ? payloadOf(body.toString('utf8')) : undefined;
    const kind = kindOf(path, payload, this.census.wasShown(url));
    const count = (this.counts[kind] += 1);
    const seen: SeenRequest = { kind, method, url, headers, payload, count, atMs: Date.now() };
    this.requests.push(seen);
    return seen;
  }

  private async passOn(request: IncomingMessage, body: Buffer, seen: SeenRequest): Promise<UpstreamAnswer> {
    const answer = await this.upstream.send(seen.method, request.url ?? '/', request.headers, body);
    seen.status = answer.status;
    this.census.record(seen, {
      status: answer.status,
      location: answer.headers.location,
      body: answer.body.toString('utf8'),
    });
    return answer;
  }

  private async answerInstead(
    request: IncomingMessage,
    response: ServerResponse,
    { status, headers, body = '', withNonce }: Fault & { type: 'answer' },
  ): Promise<void> {
    const nonce = withNonce === true ? await this.upstream.nonce(request.headers.host ?? '') : undefined;
    response.writeHead(status, {
      ...(typeof body === 'string' ? {} : { 'content-type': 'application/problem+json' }),
      ...(nonce === undefined ? {} : { 'replay-nonce': nonce }),
      ...headers,
    });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}

async function passBack(response: ServerResponse, answer: UpstreamAnswer, fault?: Fault): Promise<void> {
  if (fault?.type === 'delay' && fault.what === 'answer') await delay(fault.ms);
  if (fault?.type === 'lose-answer') {
    response.destroy();
    return;
  }
  const body = fault?.type === 'replace-body' ? Buffer.from(fault.body) : answer.body;
  const headers = endToEnd(answer.headers);
  if (body.length > 0 || headers['content-length'] !== undefined)
    headers['content-length'] = String(body.length);
  response.writeHead(answer.status, headers);
  if (fault?.type === 'cut') {
    response.write(body.subarray(0, fault.afterBytes), () => response.destroy());
    return;
  }
  response.end(body);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function noCounts(): Record<RequestKind, number> {
  return Object.fromEntries(requestKinds.map((kind) => [kind, 0])) as Record<RequestKind, number>;
}
