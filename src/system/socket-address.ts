import { isIP, isIPv6 } from 'node:net';

export interface SocketAddress {
  /** Null: every address of this machine. */
  host: string | null;
  port: number;
}

/** Reads `[ADDR:]PORT`, an IPv6 address in brackets; null when it is something else. */
export function parseListenAddress(text: string): SocketAddress | null {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]:|([^:[\]]*):)?([0-9]{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535)) return null;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : null;
  if (plain === undefined || plain === '') return { host: null, port };
  return isIP(plain) === 4 ? { host: plain, port } : null;
}

/** Reads `ADDR[:PORT]`, an IPv6 address in brackets when a port follows; null when it is something else. */
export function parseServerAddress(text: string, defaultPort: number): string | null {
  if (isIP(text) !== 0) return socketAddressText({ host: text, port: defaultPort });
  const address = parseListenAddress(text);
  return address === null || address.host === null ? null : socketAddressText(address);
}

export function socketAddressText({ host, port }: SocketAddress): string {
  if (host === null) return `port ${String(port)}`;
  return `${isIPv6(host) ? `[${host}]` : host}:${String(port)}`;
}
