import http from 'node:http';
import https from 'node:https';
import { AcmeLedgerError } from '../../errors.ts';
import { systemClock } from '../../clock.ts';
import {
  ConnectionFailure,
  connectionFailureOf,
  isUnsent,
  unreachable,
  unsentError,
} from './connection-failure.ts';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
  /**
   * Called when the connection stands, right before the first byte. What it throws is thrown, and nothing was
   * sent (docs/decisions.md#guards-before-a-request).
   */
  assertAllowed?: (() => Promise<void>) | undefined;
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
  /** How old the guard's leave may be when the request is sent; 10 s unless told. */
  leaveLastsMs?: number;
}

const maxBodyBytes = 4 * 1024 * 1024; // a chain of ten certificates has 20 KiB, a page of 1,000 orders 100 KiB

/**
 * The guard is asked again when its leave is older than this: the process, or the machine, may have stood
 * still since. A busy ledger may hold the guard up for as long.
 */
const usualLeaveMs = 10_000;
/** After so many leaves that came too late, a minute and a half in all, the ledger is no place to ask. */
const leavesMost = 10;

/**
 * Sends a request and reads the whole answer, within the limits.
 * @throws AcmeLedgerError `ca-unreachable` with a ConnectionFailure as cause, `ca-answer` when the answer is
 *   too long; the signal's reason when it is aborted
 */
export async function exchange(
  request: HttpRequest,
  agent: http.Agent,
  limits: ExchangeLimits,
): Promise<HttpAnswer> {
  request.signal?.throwIfAborted();
  const { method, headers = {}, url, signal } = request;
  const outgoing = (url.startsWith('https:') ? https : http).request(url, { method, agent, headers });
  const progress = { isSent: false };
  let release = (): void => undefined;
  const answer = new Promise<HttpAnswer>((resolve, reject) => {
    // The promise is rejected here and not by the request's own event: a request that is destroyed during its
    // answer forgets why.
    const fail = (error: Error): void => {
      reject(error);
      outgoing.destroy();
    };
    const limited = limit(request, limits, progress, fail);
    release = limited.release;
    collect(outgoing, url, resolve, fail);
    const onSent = (): void => {
      progress.isSent = true;
      limited.sent();
    };
    const { leaveLastsMs = usualLeaveMs } = limits;
    send(outgoing, request, { onConnected: limited.connected, onSent, leaveLastsMs }).catch(fail);
  });
  try {
    return await answer;
  } catch (error) {
    if (isUnsent(error)) throw error;
    if (signal?.aborted === true) throw progress.isSent ? signal.reason : unsentError(signal.reason, signal);
    throw translated(error as Error, request, { sent: progress.isSent, reused: outgoing.reusedSocket });
  } finally {
    release();
  }
}

/** Sends the request when its connection stands and its guard lets it. */
async function send(
  outgoing: http.ClientRequest,
  { url, body, assertAllowed }: HttpRequest,
  {
    onConnected,
    onSent,
    leaveLastsMs,
  }: { onConnected: () => void; onSent: () => void; leaveLastsMs: number },
): Promise<void> {
  const connecting = connected(outgoing, url);
  if (assertAllowed === undefined) {
    outgoing.end(body);
    await connecting;
    onSent();
    return;
  }
  await connecting;
  onConnected();
  for (let leaves = 0; leaves < leavesMost; leaves += 1) {
    const askedAt = systemClock.now().getTime();
    await assertAllowed().catch((error: unknown) => Promise.reject(unsentError(error)));
    if (outgoing.destroyed) return;
    if (systemClock.now().getTime() - askedAt > leaveLastsMs) continue;
    onSent();
    outgoing.end(body);
    return;
  }
  throw unsentError(tooSlow(url));
}

function tooSlow(url: string): AcmeLedgerError {
  return new AcmeLedgerError(
    'ledger-busy',
    `nothing was sent to ${new URL(url).host}: the ledger took too long, ${String(leavesMost)} times in a row, to say whether it may be`,
    { hint: 'see what keeps the ledger busy, or its disk, then run it again: nothing is lost' },
  );
}

/** Never, when no connection comes about: the request fails by itself then. */
function connected(outgoing: http.ClientRequest, url: string): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once('socket', (socket) => {
      if (outgoing.reusedSocket) resolve();
      else
        socket.once(url.startsWith('https:') ? 'secureConnect' : 'connect', () => {
          resolve();
        });
    });
  });
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

/** Holds the time limits and the signal over one exchange, until it is released. */
function limit(
  { url, signal }: HttpRequest,
  { connectTimeoutMs, answerTimeoutMs }: ExchangeLimits,
  progress: { isSent: boolean },
  fail: (error: Error) => void,
): { connected: () => void; sent: () => void; release: () => void } {
  const { host } = new URL(url);
  const breakOff = (what: string, ms: number) => () => {
    fail(
      new ConnectionFailure(
        'timeout',
        progress.isSent,
        `${host} didn't ${what} within ${String(ms / 1000)} s`,
      ),
    );
  };
  let timer = setTimeout(breakOff('accept a connection', connectTimeoutMs), connectTimeoutMs);
  const abort = () => {
    fail(new Error('aborted'));
  };
  signal?.addEventListener('abort', abort, { once: true });
  return {
    connected: () => {
      clearTimeout(timer);
    },
    sent: () => {
      clearTimeout(timer);
      timer = setTimeout(breakOff('answer', answerTimeoutMs), answerTimeoutMs);
    },
    release: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    },
  };
}

function translated(
  error: Error,
  request: HttpRequest,
  progress: { sent: boolean; reused: boolean },
): AcmeLedgerError {
  if (error instanceof AcmeLedgerError) return error;
  const failure =
    error instanceof ConnectionFailure
      ? error
      : connectionFailureOf(error, new URL(request.url).host, progress);
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
