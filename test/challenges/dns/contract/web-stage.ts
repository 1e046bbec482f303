import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a provider's server answers. */
export interface WebAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface WebRequest {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A server on loopback that speaks a part of a provider's API. */
export interface WebStage {
  /** Without a slash at its end. */
  url: string;
  requests: WebRequest[];
  /** The next request is answered so instead. */
  next(answer: WebAnswer): void;
  hang(): void;
  stop(): Promise<void>;
}

export async function startWeb(answerTo: (request: WebRequest) => WebAnswer): Promise<WebStage> {
  const requests: WebRequest[] = [];
  const waiting: WebAnswer[] = [];
  const state = { hangs: false };
  const server = createServer((message, response) => {
    const answer = async (): Promise<void> => {
      const body = await bodyOf(message);
      const request = {
        method: message.method ?? '',
        url: new URL(message.url ?? '/', 'http://server'),
        headers: message.headers,
        body,
      };
      requests.push(request);
      if (state.hangs) return;
      const { status, headers = {}, body: text } = waiting.shift() ?? answerTo(request);
      const isText = typeof text === 'string';
      response.writeHead(status, { 'content-type': isText ? 'text/xml' : 'application/json', ...headers });
      response.end(isText ? text : JSON.stringify(text ?? {}));
    };
    answer().catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${String(portOf(server))}`,
    requests,
    next: (answer) => waiting.push(answer),
    hang() {
      state.hangs = true;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of message) text += String(chunk);
  return text;
}
