import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

/** Web servers of many customers behind one port, each with a folder of its own. */
export interface WebServers {
  /** From now on names below `domain` are served from `webroot`. */
  add(domain: string, webroot: string): void;
  stop(): Promise<void>;
}

export async function startWebServers(port: number): Promise<WebServers> {
  const webroots = new Map<string, string>();
  const server = createServer((request, response) => {
    const domain = /^[^.]+\.([^:]+)/.exec(request.headers.host ?? '')?.[1] ?? '';
    const token = /^\/\.well-known\/acme-challenge\/([\w-]+)$/.exec(request.url ?? '')?.[1];
    readFile(path.join(webroots.get(domain) ?? '', '.well-known/acme-challenge', token ?? '')).then(
      (text) => response.end(text),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    add: (domain, webroot) => webroots.set(domain, webroot),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
