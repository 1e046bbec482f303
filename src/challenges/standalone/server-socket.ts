import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import { AcmeLedgerError, asError } from '../../errors.ts';
import type { CloseServer } from './shared-listener.ts';
import { socketAddressText, type SocketAddress } from '../../system/socket-address.ts';

/** A second run of ours, or the one before it, lets go of the port within seconds. */
const portWaitMs = 5_000;
const portPollMs = 250;
/** A validation is one connection from each of a handful of places (RFC 8555 §10.2). */
const usualMaxConnections = 256;

/**
 * Binds the server, waiting a few seconds for a port that is in use. Without a host it listens on every address, IPv6 and
 * IPv4 alike.
 * @returns what closes it, with all its connections
 * @throws AcmeLedgerError `solver`, or the signal's reason
 */
export async function openServer(
  server: Server,
  address: SocketAddress,
  clock: Clock,
  signal: AbortSignal,
  maxConnections = usualMaxConnections,
): Promise<CloseServer> {
  const sockets = new Set<Socket>();
  server.maxConnections = maxConnections;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  const deadlineMs = clock.now().getTime() + portWaitMs;
  for (;;) {
    signal.throwIfAborted();
    const error = await listenAnywhere(server, address);
    if (error === null) break;
    if (codeOf(error) !== 'EADDRINUSE' || clock.now().getTime() >= deadlineMs)
      throw listenError(address, error);
    await clock.sleep(portPollMs, signal);
  }
  // Such as EMFILE while accepting: one connection is lost, and the CA comes again.
  server.on('error', () => undefined);
  return () => closeServer(server, sockets);
}

/** The error of listening, or null. */
async function listenAnywhere(server: Server, { host, port }: SocketAddress): Promise<Error | null> {
  if (host !== null) return await listen(server, host, port);
  const error = await listen(server, '::', port);
  const noIpv6 = error !== null && ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(codeOf(error));
  return noIpv6 ? await listen(server, '0.0.0.0', port) : error;
}

async function listen(server: Server, host: string, port: number): Promise<Error | null> {
  const listening = once(server, 'listening');
  server.listen({ host, port, exclusive: true });
  try {
    await listening;
    return null;
  } catch (error) {
    return asError(error);
  }
}

async function closeServer(server: Server, sockets: Set<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  for (const socket of sockets) socket.destroy();
  await closed;
}

function listenError(address: SocketAddress, error: Error): AcmeLedgerError {
  const where = socketAddressText(address);
  return new AcmeLedgerError('solver', `can't listen on ${where}: ${error.message}`, {
    hint: hintFor(codeOf(error), address.port),
    cause: error,
  });
}

function hintFor(code: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return (
        `another program holds the port (see: ss -ltnp 'sport = :${String(port)}'); if it is a web server, ` +
        `use --webroot with its document root, or let it forward to another port and give that one with --listen`
      );
    case 'EACCES':
    case 'EPERM':
      return (
        `a port below 1024 needs root: run as root, or allow it with "sysctl net.ipv4.ip_unprivileged_port_start=80", ` +
        `or give --listen PORT behind a forwarding`
      );
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address; leave ADDR out of --listen to listen on all of them';
    default:
      return 'give another --listen [ADDR:]PORT';
  }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
