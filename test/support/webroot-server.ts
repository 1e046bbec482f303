import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

/** A web server that several names share, as a hosting provider has it. */
export interface WebrootServer {
  /** The `Host/path` of each request, in order. */
  requests: string[];
  stop(): Promise<void>;
}

/**
 * Serves `/.well-known/acme-challenge/` of a directory, or one for each host, on a port of 127.0.0.1 (Pebble's `httpPort`), and nothing else.
 * @param delayMs how long it takes to answer for a host
 */
export async function serveWebroot(
  directory: string | ((host: string) => string),
  port: number,
  delayMs: (host: string) => number = () => 0,
): Promise<WebrootServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const host = request.headers.host ?? '';
    const name = host.replace(/:\d+$/, '');
    const root = typeof directory === 'string' ? directory : directory(name);
    requests.push(`${host}${request.url ?? ''}`);
    const token = /^\/\.well-known\/acme-challenge\/([\w-]+)$/.exec(request.url ?? '')?.[1];
    const answer = (): void =>
      void readAnswer(root, token).then(
        (text) => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(text),
        () => response.writeHead(404).end(),
      );
    const waitMs = delayMs(name);
    if (waitMs > 0) setTimeout(answer, waitMs);
    else answer();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    requests,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function readAnswer(directory: string, token: string | undefined): Promise<Buffer> {
  if (token === undefined) throw new Error('not a challenge');
  return await readFile(path.join(directory, '.well-known/acme-challenge', token));
}
