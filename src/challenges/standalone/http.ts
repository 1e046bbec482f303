import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { checkedToken } from '../answer-values.ts';
import type { StandaloneSettings } from './settings.ts';
import type { Solver } from '../solver.ts';
import { standaloneAnswers } from './answers.ts';

/** Long enough for a slow validator, short enough that nobody holds a connection for fun. */
const requestTimeoutMs = 10_000;
const maxHeaderBytes = 8 * 1024;

/** Token → key authorization. */
const answersAt = standaloneAnswers<string>(answerServer);

/** Answers http-01 with a web server of our own (RFC 8555 §8.3). */
export function standaloneSolver({ listen }: StandaloneSettings, clock: Clock): Solver {
  const { add, remove, ...answers } = answersAt(listen, clock);
  return {
    ...answers,
    type: 'http-01',
    present: async (answer, signal) => add(checkedToken(answer), answer.keyAuthorization, signal),
    cleanUp: ({ token }) => remove(token),
  };
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
