import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

/** A web server for every name of every customer: tokens are drawn by the CA, so no two customers have the same. */
export interface AnswerServer {
  add(directory: string): void;
  remove(directory: string): void;
  stop(): Promise<void>;
}

/** @param port where Pebble looks for http-01 answers */
export async function serveAnswers(port: number): Promise<AnswerServer> {
  const directories = new Set<string>();
  const server = createServer((request, response) => {
    const token = /^\/\.well-known\/acme-challenge\/([\w-]+)$/.exec(request.url ?? '')?.[1] ?? '';
    const looks = [...directories].map((directory) => readFile(path.join(directory, token)));
    Promise.any(looks).then(
      (answer) => response.end(answer),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    add: (directory) => directories.add(directory),
    remove: (directory) => directories.delete(directory),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
