import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { trustIn } from './trust.ts';

/** A whole answer. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** PEM of the roots to trust. */
  ca: string;
  timeoutMs?: number;
}

/**
 * One HTTPS request, as plain as Node has it, so that what a test sees is what was on the wire.
 * @throws Error when there is no whole answer within `timeoutMs` (30 s).
 */
export function httpsRequest(url: string, options: RequestOptions): Promise<Answer> {
  const { method = 'GET', headers = {}, body, ca, timeoutMs = 30_000 } = options;
  return new Promise((resolve, reject) => {
    // RFC 8555 §6.1: clients must say who they are.
    const named = { 'user-agent': 'acme-ledger-lab', ...headers };
    const outgoing = request(url, {
      method,
      headers: named,
      ca,
      signal: AbortSignal.timeout(timeoutMs),
      agent: new Agent({ secureContext: trustIn(ca), maxCachedSessions: 0 }),
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text });
      });
    });
    outgoing.end(body);
  });
}
