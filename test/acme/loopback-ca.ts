import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

/** One request as the server saw it; the JWS is taken apart. */
export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  nonce: string | undefined;
  signature: string | undefined;
  header: Record<string, unknown>;
  payload: unknown;
  /** What the signature is over (RFC 7515 §5.1). */
  signed: string;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** A nonce of one's own, or none; else a new one comes with each answer to HEAD and POST. */
  nonce?: string | null;
}

/** `reset` cuts the connection, `hang` never answers. */
export type Behaviour = (
  request: SeenRequest,
  ca: LoopbackCa,
) => Reply | 'reset' | 'hang' | Promise<Reply | 'reset' | 'hang'>;

export interface LoopbackCa {
  origin: string;
  directoryUrl: string;
  seen: SeenRequest[];
  /** The requests with this path. */
  to(path: string): SeenRequest[];
  connections: () => number;
  /** Those that are open now. */
  openConnections: () => Promise<number>;
  closeConnections: () => void;
  stop(): Promise<void>;
}

/** A small CA over plain HTTP: directory and newNonce are its own, the rest is the test's. */
export async function startLoopbackCa(behaviour: Behaviour): Promise<LoopbackCa> {
  let connections = 0;
  const seen: SeenRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing, ca, behaviour).catch((error: unknown) =>
      incoming.socket.destroy(error as Error),
    );
  });
  server.on('connection', () => (connections += 1));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ca: LoopbackCa = {
    origin,
    directoryUrl: `${origin}/directory`,
    seen,
    to: (path) => seen.filter((request) => request.path === path),
    connections: () => connections,
    openConnections: () => promisify(server.getConnections.bind(server))(),
    closeConnections: () => {
      server.closeAllConnections();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return ca;
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  ca: LoopbackCa,
  behaviour: Behaviour,
): Promise<void> {
  const request = await taken(incoming);
  ca.seen.push(request);
  const reply = await behaviour(request, ca);
  if (reply === 'reset') incoming.socket.destroy();
  if (typeof reply === 'string') return;
  const { status = 200, headers = {}, body = '', nonce = randomBytes(16).toString('base64url') } = reply;
  const withNonce = request.method === 'GET' || nonce === null ? {} : { 'Replay-Nonce': nonce };
  outgoing.writeHead(status, { ...withNonce, ...headers });
  outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** What directory and newNonce of a sound CA answer; undefined for any other path. */
export function soundBasics(request: SeenRequest, ca: LoopbackCa): Reply | undefined {
  if (request.path === '/directory') return { body: directoryOf(ca.origin) };
  return request.path === '/nonce' ? {} : undefined;
}

export function directoryOf(origin: string): Record<string, unknown> {
  return {
    newNonce: `${origin}/nonce`,
    newAccount: `${origin}/account`,
    newOrder: `${origin}/order`,
    revokeCert: `${origin}/revoke`,
    Rz0xN5qvR3U: 'https://community.letsencrypt.org/t/adding-random-entries-to-the-directory/33417',
    meta: { termsOfService: 'https://ca.example/terms', unknown: [1] },
  };
}

async function taken(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const jws = text === '' ? {} : (JSON.parse(text) as Record<string, string>);
  const header = (decoded(jws['protected']) ?? {}) as Record<string, unknown>;
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    nonce: header['nonce'] as string | undefined,
    signature: jws['signature'],
    header,
    payload: decoded(jws['payload']),
    signed: `${jws['protected'] ?? ''}.${jws['payload'] ?? ''}`,
  };
}

function decoded(part: string | undefined): unknown {
  const text = Buffer.from(part ?? '', 'base64url').toString();
  return text === '' ? null : (JSON.parse(text) as unknown);
}
