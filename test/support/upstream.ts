import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { trustIn } from './trust.ts';

/** A whole answer of the CA behind the proxy. */
export interface UpstreamAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The CA behind the proxy, over connections that are kept alive. */
export class Upstream {
  private readonly origin: string;
  private readonly agent: Agent;

  constructor(directoryUrl: string, ca: string) {
    this.origin = new URL(directoryUrl).origin;
    this.agent = new Agent({ keepAlive: true, secureContext: trustIn(ca) });
  }

  /** Sends a request with its own headers: the CA makes its URLs from Host, so they lead to the proxy. */
  send(method: string, path: string, headers: IncomingHttpHeaders, body?: Buffer): Promise<UpstreamAnswer> {
    return new Promise((resolve, reject) => {
      const options = { method, headers: endToEnd(headers), agent: this.agent };
      const outgoing = request(this.origin + path, options, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () => {
          const { statusCode = 0, headers: answered } = incoming;
          resolve({ status: statusCode, headers: answered, body: Buffer.concat(chunks) });
        });
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }

  /** A nonce of the CA, for answers that the proxy makes up. */
  async nonce(host: string): Promise<string> {
    const answer = await this.send('HEAD', '/nonce-plz', { host, 'user-agent': 'acme-ledger-lab' });
    return String(answer.headers['replay-nonce']);
  }

  close(): void {
    this.agent.destroy();
  }
}

// RFC 9110 §7.6.1: these are about one connection, not about the request or the answer.
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** The headers that a proxy passes on. */
export function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}
