import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** A port that somebody else listens on, on every address. */
export async function heldPort(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  server.listen(0);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}
