import { AcmeLedgerError } from '../../errors.ts';
import { agentsFor, type Agents } from './agents.ts';
import { isReset, isUntrusted } from './connection-failure.ts';
import { exchange, type ExchangeLimits, type HttpAnswer, type HttpRequest } from './exchange.ts';
import { type Resolve, reachableHosts } from './reachable-hosts.ts';
import { isAcceptableUrl } from '../objects/web-url.ts';

/** An entry in the log of requests. `status` is null when no whole answer came. */
export interface RequestEntry {
  method: string;
  url: string;
  status: number | null;
  durationMs: number;
}

export interface TransportOptions {
  userAgent: string;
  /** A trust root beside node's own. */
  caPem?: string | undefined;
  /** DNS, TCP and TLS together. */
  connectTimeoutMs?: number | undefined;
  /** From the connection to the last byte of the answer. */
  answerTimeoutMs?: number | undefined;
  /** The time for which an idle connection is kept. */
  idleTimeoutMs?: number | undefined;
  onRequest?: ((entry: RequestEntry) => void) | undefined;
  /**
   * The directory URL of the CA, whose address decides where its requests may go; without it they may go
   * anywhere.
   */
  directoryUrl?: string | undefined;
  /** Instead of the system's resolver. */
  resolve?: Resolve | undefined;
  /** Called once for each host beside the directory's that is asked. */
  onOtherHost?: ((host: string) => void) | undefined;
}

export interface Transport {
  /**
   * Sends one request over a kept-alive connection and reads its whole answer, whatever its status. GET and HEAD follow up to
   * three redirects and are tried again once when the connection is closed under them; a POST is sent once, because the CA may
   * have acted on it.
   * @throws AcmeLedgerError `ca-unreachable`, `ca-answer` (too long), `bad-file` (trust root); the signal's reason when aborted
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Ends every connection. */
  close(): void;
}

const defaultConnectTimeoutMs = 10_000;
const defaultAnswerTimeoutMs = 30_000; // Boulder itself gives up on a slow CT log after 15 s
const maxRedirects = 3;
// Below what servers keep an idle connection for (nginx 75 s, HAProxy from 10 s with a hint), so that a request rarely meets a
// connection that is just being closed. Node shortens it when the server says `Keep-Alive: timeout`.
const defaultIdleTimeoutMs = 15_000;

/** `acme-ledger/1.2.3 (Node.js v20.19.0; linux)`: RFC 8555 §6.1 asks for a User-Agent with name and version. */
export function userAgentOf(version: string): string {
  return `acme-ledger/${version} (Node.js ${process.version}; ${process.platform})`;
}

export function createTransport(options: TransportOptions): Transport {
  const { directoryUrl } = options;
  const hosts = directoryUrl === undefined ? undefined : reachableHosts(directoryUrl, options.resolve);
  const agents = agentsFor(options.caPem, options.idleTimeoutMs ?? defaultIdleTimeoutMs, hosts?.lookup);
  const tell =
    directoryUrl === undefined ? () => undefined : tellingOthers(directoryUrl, options.onOtherHost);
  const limits = {
    connectTimeoutMs: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    answerTimeoutMs: options.answerTimeoutMs ?? defaultAnswerTimeoutMs,
  };
  let isClosed = false;
  const once: Exchange = (request) =>
    logged(request, options.onRequest, async () => {
      if (isClosed) throw new Error('the session was closed');
      await hosts?.assertUrl(request.url);
      tell(request.url);
      const headers = {
        'User-Agent': options.userAgent,
        'Accept-Language': 'en',
        'Accept-Encoding': 'identity',
        ...request.headers,
      };
      return trusted({ ...request, headers }, agents, limits);
    });
  return {
    send: (request) => (request.method === 'POST' ? once(request) : follow(request, once)),
    close() {
      isClosed = true;
      agents.close();
    },
  };
}

function tellingOthers(
  directoryUrl: string,
  onOtherHost: TransportOptions['onOtherHost'],
): (url: string) => void {
  const told = new Set([new URL(directoryUrl).host]);
  return (url) => {
    const { host } = new URL(url);
    if (told.has(host)) return;
    told.add(host);
    onOtherHost?.(host);
  };
}

async function trusted(request: HttpRequest, agents: Agents, limits: ExchangeLimits): Promise<HttpAnswer> {
  const agent = agents.of(request.url);
  try {
    return await exchange(request, agent, limits);
  } catch (error) {
    // No connection came about, so nothing was sent, whatever the method.
    if (!isUntrusted(error) || agent === agents.nodesOwn) throw error;
    const answer = await exchange(request, agents.nodesOwn, limits);
    agents.judgeAsNode(request.url);
    return answer;
  }
}

type Exchange = (request: HttpRequest) => Promise<HttpAnswer>;

async function follow(request: HttpRequest, once: Exchange): Promise<HttpAnswer> {
  let url = request.url;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await twiceAtMost({ ...request, url }, once);
    const location = answer.headers.location;
    if (answer.status < 300 || answer.status >= 400 || location === undefined || !URL.canParse(location, url))
      return answer;
    const next = new URL(location, url).href;
    if (redirects === maxRedirects || !isAcceptableUrl(next)) {
      throw new AcmeLedgerError(
        'ca-answer',
        `${new URL(request.url).host} redirects too often, or to a URL that isn't https`,
        {
          hint: "check the CA's address",
        },
      );
    }
    url = next;
  }
}

async function twiceAtMost(request: HttpRequest, once: Exchange): Promise<HttpAnswer> {
  try {
    return await once(request);
  } catch (error) {
    if (!isReset(error)) throw error;
    return once(request);
  }
}

async function logged(
  request: HttpRequest,
  onRequest: TransportOptions['onRequest'],
  run: () => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const startedAt = performance.now();
  let status: number | null = null;
  try {
    const answer = await run();
    status = answer.status;
    return answer;
  } finally {
    onRequest?.({
      method: request.method,
      url: request.url,
      status,
      durationMs: Math.round(performance.now() - startedAt),
    });
  }
}
