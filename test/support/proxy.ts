import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type RequestKind, type SeenRequest, kindOf, requestKinds } from './acme-request.ts';
import type { AuthorizationCensus } from './authorization-census.ts';
import type { Fault, FaultHook } from './fault.ts';
import { accountOf, payloadOf } from './jws.ts';
import { type CaRule, RuledCa } from './ruled-ca.ts';
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
  /** Replaces the rules of the CA from now on; without any it is plain Pebble. */
  setRules(rules?: CaRule[]): void;
  /** Begins to count anew; the census stays. */
  resetCounts(): void;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** Pebble's own directory. */
  directoryUrl: string;
  latencyMs?: number;
  /** What goes wrong between client and CA. */
  fault?: FaultHook;
  /** What the CA itself does otherwise than Pebble. */
  rules?: CaRule[];
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
    census: passage.ca.census,
    connections: () => connections,
    setLatency: (ms) => (passage.latencyMs = ms),
    setFault: (hook) => (passage.fault = hook),
    setRules: (rules = []) => (passage.ca.rules = rules),
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
  readonly ca: RuledCa;
  latencyMs: number;
  fault: FaultHook | undefined;

  constructor(upstream: Upstream, { latencyMs = 0, fault, rules }: ProxyOptions) {
    this.ca = new RuledCa(upstream, rules);
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
      const { withNonce = false } = fault;
      await passBack(response, await this.ca.madeUp(fault, { host: request.headers.host ?? '', withNonce }));
    } else {
      if (fault?.type === 'delay' && fault.what === 'request') await delay(fault.ms);
      await passBack(response, await this.ca.take(seen, request, body), fault);
    }
  }

  resetCounts(): void {
    this.requests.length = 0;
    Object.assign(this.counts, noCounts());
  }

  private note(request: IncomingMessage, body: Buffer): SeenRequest {
    const { method = 'GET', url: path = '/', headers } = request;
    const url = `https://${headers.host ?? ''}${path}`;
    const text = method === 'POST' ? body.toString('utf8') : '';
    const payload = payloadOf(text);
    const account = accountOf(text);
    const kind = kindOf(path, payload, this.ca.census.wasShown(url));
    const count = (this.counts[kind] += 1);
    const signed = account === undefined ? { payload } : { account, payload };
    const from = request.socket.remoteAddress ?? '';
    const seen: SeenRequest = { kind, method, url, headers, ...signed, count, atMs: Date.now(), from };
    this.requests.push(seen);
    return seen;
  }
}

async function passBack(response: ServerResponse, answer: UpstreamAnswer, fault?: Fault): Promise<void> {
  if (fault?.type === 'delay' && fault.what === 'answer') await delay(fault.ms);
  if (fault?.type === 'hold-answer') await fault.until;
  if (fault?.type === 'lose-answer') {
    response.destroy();
    return;
  }
  const { status, headers, body } = changed(answer, fault);
  const passed = endToEnd(headers);
  if (body.length > 0 || passed['content-length'] !== undefined)
    passed['content-length'] = String(body.length);
  response.writeHead(status, passed);
  if (fault?.type === 'cut') {
    response.write(body.subarray(0, fault.afterBytes), () => response.destroy());
    return;
  }
  response.end(body);
}

function changed(answer: UpstreamAnswer, fault?: Fault): UpstreamAnswer {
  if (fault?.type === 'replace-body') return { ...answer, body: Buffer.from(fault.body) };
  if (fault?.type !== 'change') return answer;
  const { status = answer.status, headers = {}, body } = fault;
  const kept = Object.entries({ ...answer.headers, ...headers }).filter(([, value]) => value !== undefined);
  return {
    status,
    headers: Object.fromEntries(kept),
    body: body === undefined ? answer.body : Buffer.from(body(answer.body.toString('utf8'))),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function noCounts(): Record<RequestKind, number> {
  return Object.fromEntries(requestKinds.map((kind) => [kind, 0])) as Record<RequestKind, number>;
}
