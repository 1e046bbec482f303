import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { timeLimit } from '../../system/time-limit.ts';
import { checkedToken } from '../answer-values.ts';
import { socketAddressText } from '../../system/socket-address.ts';
import type { ChallengeAnswer } from '../solver.ts';

interface Reach {
  httpPort: number;
  tlsPort: number;
  /** For an address to answer; ten seconds when left out. */
  requestTimeoutMs?: number;
}

/** The number of redirects that Boulder follows. */
const maxRedirects = 10;
const usualTimeoutMs = 10_000;
/** A key authorization has 87 characters. */
const maxBodyBytes = 1_024;

/**
 * Fetches what is at the place of an http-01 answer, as a CA would (RFC 8555 §8.3), at the first of the addresses that can be connected to.
 * Redirects are followed as long as they stay at the name itself and at that address: elsewhere we have no business, and the first address
 * may be a stranger's while the next is an inner one.
 * @throws Error why there is none, or the signal's reason
 */
export async function fetchAnswer(
  answer: ChallengeAnswer,
  addresses: readonly string[],
  reach: Reach,
  signal: AbortSignal,
): Promise<string> {
  let left = addresses;
  let url = new URL(`http://${hostOf(answer)}/.well-known/acme-challenge/${checkedToken(answer)}`);
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const { response, address } = await getAtFirst(url, left, reach, signal);
    left = [address];
    const next = redirectOf(response, url);
    if (next === null) return bodyOf(response);
    response.destroy();
    assertStaysHere(next, url.hostname, reach);
    url = next;
  }
  throw new Error(`it redirects more than ${String(maxRedirects)} times`);
}

/** In the form that it has in a URL. */
function hostOf({ identifier: { type, value } }: ChallengeAnswer): string {
  return type === 'ip' && value.includes(':') ? `[${value}]` : value;
}

function redirectOf(response: IncomingMessage, url: URL): URL | null {
  const { statusCode = 0, headers } = response;
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return null;
  return new URL(headers.location, url);
}

function assertStaysHere(next: URL, host: string, reach: Reach): void {
  const port = { 'http:': reach.httpPort, 'https:': reach.tlsPort }[next.protocol];
  const isHere = next.hostname === host && (next.port === '' || next.port === String(port));
  if (port !== undefined && isHere) return;
  throw new Error(`it redirects to ${next.href.slice(0, 200)}, which isn't looked at`);
}

/** IPv6 first where a name has both; an address that can't be connected to gives way to the next. */
async function getAtFirst(
  url: URL,
  addresses: readonly string[],
  reach: Reach,
  signal: AbortSignal,
): Promise<{ response: IncomingMessage; address: string }> {
  let failure: unknown = new Error('it has no address');
  for (const address of addresses) {
    try {
      return { response: await get(url, address, reach, signal), address };
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

async function get(url: URL, address: string, reach: Reach, signal: AbortSignal): Promise<IncomingMessage> {
  const isTls = url.protocol === 'https:';
  const port = isTls ? reach.tlsPort : reach.httpPort;
  const usualPort = isTls ? 443 : 80;
  const limit = timeLimit(reach.requestTimeoutMs ?? usualTimeoutMs, signal);
  const options: RequestOptions = {
    host: address,
    port,
    path: `${url.pathname}${url.search}`,
    headers: {
      host: port === usualPort ? url.hostname : `${url.hostname}:${String(port)}`,
      'user-agent': 'acme-ledger',
      accept: '*/*',
    },
    agent: false,
    signal: limit.signal,
  };
  return new Promise((resolve, reject) => {
    const sent = isTls
      ? // Before its first certificate a name has none that anybody trusts; CAs don't ask for one, either.
        httpsRequest({ ...options, servername: serverNameOf(url), rejectUnauthorized: false }, resolve)
      : httpRequest(options, resolve);
    // Behind the end of the answer, or of the connection.
    sent.once('close', () => {
      limit.clear();
    });
    sent.on('error', (error) => {
      const where = socketAddressText({ host: address, port });
      reject(new Error(`${where}: ${error.name === 'AbortError' ? 'no answer in time' : error.message}`));
    });
    sent.end();
  });
}

/** An address can't be in SNI (RFC 6066 §3). */
function serverNameOf({ hostname }: URL): string {
  return /^[0-9.]+$|^\[/.test(hostname) ? '' : hostname;
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`it answers ${String(response.statusCode)}`);
  }
  let text = '';
  response.setEncoding('latin1');
  // The time limit of the request is the answer's, too.
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > maxBodyBytes) break;
  }
  return text;
}
