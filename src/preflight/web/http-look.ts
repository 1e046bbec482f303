import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { timeLimit } from '../../system/time-limit.ts';
import type { CheckParts } from '../check-parts.ts';
import type { CheckView } from '../seen-from-here.ts';
import { isReserved } from '../dns/address-ranges.ts';
import { textsOf } from '../dns/resolver.ts';

/** What an address shows at a URL of plain HTTP. */
export type HttpLook =
  | { is: 'answered'; status: number; headers: IncomingHttpHeaders; body: string; hops: string[] }
  /** No connection: `unreachable` says that this machine has no way there. */
  | { is: 'unconnected'; reason: 'refused' | 'timeout' | 'unreachable'; message: string; hops: string[] }
  /** Connected, and no answer that is HTTP; `isLate`: none in time. */
  | { is: 'garbled'; message: string; isLate: boolean; hops: string[] }
  | { is: 'loop'; hops: string[] }
  | { is: 'forbidden-redirect'; location: string; why: string }
  /** Redirected to a host that isn't looked at from here. */
  | { is: 'elsewhere'; location: string };

/** The number of redirects that Boulder follows. */
const maxRedirects = 10;
/** A key authorization has 87 characters. */
const maxBodyBytes = 1_024;

/**
 * Looks at a path of a name at one address, as Boulder does (va/http.go): redirects are followed to ports 80 and 443, and to names.
 * Another host is looked at only where all of its addresses are public: a stranger's redirect is not to lead into this network.
 */
export async function lookAtHttp(
  { host, path, address }: { host: string; path: string; address: string },
  parts: CheckParts,
): Promise<HttpLook> {
  let url = new URL(`http://${isIP(host) === 6 ? `[${host}]` : host}${path}`);
  let at = address;
  const hops: string[] = [];
  for (;;) {
    const answer = await getOnce(url, at, parts);
    if (answer.is !== 'answered') return { ...answer, hops };
    const { location } = answer.headers;
    if (!redirects.has(answer.status) || location === undefined) return { ...answer, hops };
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : null;
    const why = next === null ? 'it is no URL' : whyForbidden(next, parts.view);
    if (next === null || why !== null) return { is: 'forbidden-redirect', location, why: why ?? '' };
    hops.push(next.href);
    if (hops.length > maxRedirects || hops.indexOf(next.href) < hops.length - 1) return { is: 'loop', hops };
    if (next.hostname !== url.hostname) {
      const other = await publicAddress(next.hostname, parts);
      if (other === null) return { is: 'elsewhere', location: next.href };
      at = other;
    }
    url = next;
  }
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function whyForbidden(next: URL, view: CheckView): string | null {
  const port = { 'http:': view.httpPort, 'https:': view.tlsPort }[next.protocol];
  if (port === undefined) return 'it is neither HTTP nor HTTPS';
  const allowed = ['', '80', '443', String(port)];
  if (!allowed.includes(next.port)) return 'CAs follow to ports 80 and 443 only';
  return /^[0-9.]+$|^\[/.test(next.hostname) ? 'CAs follow to names only, not to IP addresses' : null;
}

async function publicAddress(host: string, { resolver }: CheckParts): Promise<string | null> {
  const [v4, v6] = await Promise.all([resolver.look(host, 'A'), resolver.look(host, 'AAAA')]);
  const all = [...textsOf(v4), ...textsOf(v6)];
  return all.some(isReserved) ? null : (all[0] ?? null);
}

type Once = Extract<HttpLook, { is: 'answered' | 'unconnected' | 'garbled' }>;

async function getOnce(url: URL, address: string, { view, signal }: CheckParts): Promise<Once> {
  const limit = timeLimit(view.answerTimeoutMs, signal);
  const connection = { isMade: false };
  const onConnect = (): void => {
    connection.isMade = true;
  };
  try {
    const response = await respond(url, address, { view, signal: limit.signal, onConnect });
    const body = await bodyOf(response);
    return { is: 'answered', status: response.statusCode ?? 0, headers: response.headers, body, hops: [] };
  } catch (error) {
    signal.throwIfAborted();
    const isLate = limit.signal.aborted;
    if (connection.isMade) {
      const message = isLate ? 'no answer in time' : messageOf(error);
      return { is: 'garbled', message, isLate, hops: [] };
    }
    return isLate
      ? { is: 'unconnected', reason: 'timeout', message: 'no connection in time', hops: [] }
      : unconnected(error);
  } finally {
    limit.clear();
  }
}

interface Sending {
  view: CheckView;
  signal: AbortSignal;
  onConnect: () => void;
}

async function respond(
  url: URL,
  address: string,
  { view, signal, onConnect }: Sending,
): Promise<IncomingMessage> {
  const isTls = url.protocol === 'https:';
  const port = isTls ? view.tlsPort : view.httpPort;
  const options = {
    host: address,
    port,
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, 'user-agent': 'acme-ledger', accept: '*/*' },
    agent: false,
    signal,
  } as const;
  return new Promise((resolve, reject) => {
    const sent = isTls
      ? // Before its first certificate a name has none that anybody trusts; CAs don't ask for one, either.
        httpsRequest({ ...options, servername: url.hostname, rejectUnauthorized: false }, resolve)
      : httpRequest(options, resolve);
    sent.on('socket', (socket) => socket.once('connect', onConnect));
    sent.on('error', reject);
    sent.end();
  });
}

const noWay: ReadonlySet<string> = new Set(['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

function unconnected(error: unknown): Once {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = messageOf(error);
  if (noWay.has(code)) return { is: 'unconnected', reason: 'unreachable', message, hops: [] };
  return { is: 'unconnected', reason: code === 'ECONNREFUSED' ? 'refused' : 'timeout', message, hops: [] };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('latin1');
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > maxBodyBytes) break;
  }
  response.destroy();
  return text.slice(0, maxBodyBytes);
}
