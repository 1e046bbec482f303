import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HttpAnswer } from '../ledger/orders/presentations.ts';

/** The answers that the server gives. */
interface Answers {
  known: (token: string) => HttpAnswer | undefined;
  lookFor: (token: string) => Promise<HttpAnswer | undefined>;
}

/** What the server did, and whom it tells of an answer. */
export interface ServerTally {
  answered: number;
  notFound: number;
  onAnswered: (answer: HttpAnswer) => void;
}

/** Long enough for a slow validator, short enough that nobody holds a connection for fun. */
const requestTimeoutMs = 10_000;
/** A web server in front keeps its connections for the next request. */
const keepAliveMs = 30_000;
const maxHeaderBytes = 8 * 1024;
/** A web server in front, and all perspectives of a CA for many names at once. */
export const maxConnections = 2_048;

const prefix = '/.well-known/acme-challenge/';
/** CAs use 43 characters; longer ones were never put up (`answer-values.ts`). */
const longestToken = 200;

/** Answers http-01 (RFC 8555 §8.3), and nothing else. */
export function answerServer(answers: Answers, tally: ServerTally): Server {
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: maxHeaderBytes,
    },
    (request, response) => {
      respond(answers, tally, request, response);
    },
  );
  // A client that sends nothing, or doesn't read what it asked for.
  server.timeout = 2 * keepAliveMs;
  return server;
}

function respond(
  answers: Answers,
  tally: ServerTally,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const token = tokenOf(request);
  if (token === null) {
    refuse(tally, request, response);
    return;
  }
  const known = answers.known(token);
  if (known !== undefined) {
    send(tally, response, known);
    return;
  }
  answers.lookFor(token).then(
    (found) => {
      if (found === undefined) refuse(tally, request, response);
      else send(tally, response, found);
    },
    () => {
      refuse(tally, request, response);
    },
  );
}

/** Null for any request that isn't for a token. */
function tokenOf({ method, url = '' }: IncomingMessage): string | null {
  if ((method !== 'GET' && method !== 'HEAD') || !url.startsWith(prefix)) return null;
  const token = url.slice(prefix.length);
  return token.length <= longestToken && /^[A-Za-z0-9_-]+$/.test(token) ? token : null;
}

/** Node leaves the body out of an answer to HEAD. */
function send(tally: ServerTally, response: ServerResponse, answer: HttpAnswer): void {
  const { key_authorization: content } = answer;
  tally.answered += 1;
  tally.onAnswered(answer);
  // RFC 8555 §8.3 leaves the type open; octet-stream is what its example shows.
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': content.length,
    'cache-control': 'no-store',
  });
  response.end(content);
}

const nothing = 'not found\n';

function refuse(tally: ServerTally, { method }: IncomingMessage, response: ServerResponse): void {
  tally.notFound += 1;
  const mayBeForToken = method === 'GET' || method === 'HEAD';
  response.writeHead(404, {
    'content-type': 'text/plain',
    'content-length': nothing.length,
    // The body of any other request isn't read.
    ...(mayBeForToken ? {} : { connection: 'close' }),
  });
  response.end(nothing);
}
