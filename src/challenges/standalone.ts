import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { checkedToken } from './answer-values.ts';
import { openServer } from './server-socket.ts';
import type { StandaloneSettings } from './settings.ts';
import { SharedListener } from './shared-listener.ts';
import { socketAddressText } from './socket-address.ts';
import type { Solver } from './solver.ts';

/** Token → key authorization, of all orders of this process, by the address they are answered at. */
const listeners = new Map<string, SharedListener<string>>();

/** Long enough for a slow validator, short enough that nobody holds a connection for fun. */
const requestTimeoutMs = 10_000;
const maxHeaderBytes = 8 * 1024;

/** Answers http-01 with a web server of our own (RFC 8555 §8.3). */
export function standaloneSolver({ listen }: StandaloneSettings, clock: Clock): Solver {
  const listener = listenerAt(listen, clock);
  const presented = new Set<string>();
  return {
    type: 'http-01',
    async present(answer, signal) {
      const token = checkedToken(answer);
      presented.add(token);
      await listener.add(token, answer.keyAuthorization, signal);
    },
    async waitUntilVisible(_answer, signal) {
      signal.throwIfAborted();
      return Promise.resolve();
    },
    async assertStillVisible(_answer, signal) {
      signal.throwIfAborted();
      return Promise.resolve();
    },
    async cleanUp(answer) {
      presented.delete(answer.token);
      await listener.remove(answer.token);
    },
    async close() {
      await Promise.all([...presented].map((token) => listener.remove(token)));
      presented.clear();
    },
  };
}

function listenerAt(address: StandaloneSettings['listen'], clock: Clock): SharedListener<string> {
  const key = socketAddressText(address);
  const known = listeners.get(key);
  if (known !== undefined) return known;
  const listener = new SharedListener<string>((answers, signal) =>
    openServer(answerServer(answers), address, clock, signal),
  );
  listeners.set(key, listener);
  return listener;
}

function answerServer(answers: ReadonlyMap<string, string>): Server {
  return createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: maxHeaderBytes,
      keepAlive: false,
    },
    (request, response) => {
      respond(answers, request, response);
    },
  );
}

function respond(
  answers: ReadonlyMap<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const token = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]+)$/.exec(request.url ?? '')?.[1];
  const known = token === undefined ? undefined : answers.get(token);
  const allowed = request.method === 'GET' || request.method === 'HEAD';
  const content = allowed && known !== undefined ? known : 'not found\n';
  response.writeHead(content === known ? 200 : 404, {
    // RFC 8555 §8.3 leaves the type open; octet-stream is what its example shows.
    'content-type': content === known ? 'application/octet-stream' : 'text/plain',
    'content-length': Buffer.byteLength(content),
    connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : content);
}
