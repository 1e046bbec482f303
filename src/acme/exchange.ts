import http from 'node:http';
import https from 'node:https';
import { AcmeLedgerError } from '../errors.ts';
import { ConnectionFailure, connectionFailureOf, unreachable } from './connection-failure.ts';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  url: string;
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

export interface ExchangeLimits {
  connectTimeoutMs: number;
  answerTimeoutMs: number;
}

const maxBodyBytes = 4 * 1024 * 1024; // a chain of ten certificates has 20 KiB, a page of 1,000 orders 100 KiB

/**
 * One request and its whole answer, within the limits.
 * @throws AcmeLedgerError `ca-unreachable` with a ConnectionFailure as cause, `ca-answer` when the answer is too long;
 *   the signal's reason when it is aborted
 */
export async function exchange(
  request: HttpRequest,
  agent: http.Agent,
  limits: ExchangeLimits,
): Promise<HttpAnswer> {
  request.signal?.throwIfAborted();
  const { method, headers = {}, url, body, signal } = request;
  const outgoing = (url.startsWith('https:') ? https : http).request(url, { method, agent, headers });
  const progress = { connected: false };
  let release = (): void => undefined;
  const answer = new Promise<HttpAnswer>((resolve, reject) => {
    // Rejected here and not by the request's own event: one that is destroyed during its answer forgets why.
    const fail = (error: Error): void => {
      reject(error);
      outgoing.destroy();
    };
    release = limit(outgoing, request, limits, progress, fail);
    collect(outgoing, url, resolve, fail);
  });
  outgoing.end(body);
  try {
    return await answer;
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : translated(error as Error, request, progress.connected);
  } finally {
    release();
  }
}

function collect(
  outgoing: http.ClientRequest,
  url: string,
  resolve: (answer: HttpAnswer) => void,
  fail: (error: Error) => void,
): void {
  outgoing.on('error', fail);
  outgoing.once('response', (incoming) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on('error', fail);
    if (outgoing.method === 'HEAD') outgoing.shouldKeepAlive = isKeptAlive(incoming);
    incoming.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBodyBytes) fail(tooLong(url));
    });
    // Not at the answer's own end: the connection is free for the next request from "close" on.
    outgoing.once('close', () => {
      if (!incoming.complete) {
        fail(new Error('closed'));
        return;
      }
      resolve({
        url,
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        body: Buffer.concat(chunks),
      });
    });
  });
}

/**
 * Node takes the answer to a HEAD without Content-Length (so answers Go's newNonce: Boulder, Pebble) for one that ends with its
 * connection, and would pay for a TLS handshake after each nonce.
 */
function isKeptAlive({ httpVersion, headers }: http.IncomingMessage): boolean {
  return httpVersion === '1.1' && headers.connection?.toLowerCase() !== 'close';
}

/** Holds the time limits and the signal over one exchange; the function that it returns takes them away. */
function limit(
  outgoing: http.ClientRequest,
  { url, signal }: HttpRequest,
  { connectTimeoutMs, answerTimeoutMs }: ExchangeLimits,
  progress: { connected: boolean },
  fail: (error: Error) => void,
): () => void {
  const { host, protocol } = new URL(url);
  const breakOff = (what: string, ms: number) => () => {
    fail(
      new ConnectionFailure(
        'timeout',
        progress.connected,
        `${host} didn't ${what} within ${String(ms / 1000)} s`,
      ),
    );
  };
  let timer = setTimeout(breakOff('accept a connection', connectTimeoutMs), connectTimeoutMs);
  const connected = () => {
    progress.connected = true;
    clearTimeout(timer);
    timer = setTimeout(breakOff('answer', answerTimeoutMs), answerTimeoutMs);
  };
  outgoing.once('socket', (socket) => {
    if (outgoing.reusedSocket) connected();
    else socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', connected);
  });
  const abort = () => {
    fail(new Error('aborted'));
  };
  signal?.addEventListener('abort', abort, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
}

function translated(error: Error, request: HttpRequest, connected: boolean): AcmeLedgerError {
  if (error instanceof AcmeLedgerError) return error;
  const failure =
    error instanceof ConnectionFailure
      ? error
      : connectionFailureOf(error, new URL(request.url).host, connected);
  return unreachable(failure, request.method);
}

function tooLong(url: string): AcmeLedgerError {
  return new AcmeLedgerError(
    'ca-answer',
    `${new URL(url).host} answers with more than ${String(maxBodyBytes / 1024 / 1024)} MiB`,
    {
      hint: "check that the URL is a CA's directory",
    },
  );
}
