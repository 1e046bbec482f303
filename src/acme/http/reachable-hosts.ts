import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { unsentError } from './connection-failure.ts';

/**
 * The hosts that requests to a CA may go to. A URL of the CA's, a redirect included, may name any host (RFC
 * 8555 lets a CA use several).
 */
export interface ReachableHosts {
  /** @throws AcmeLedgerError `ca-answer`; nothing was sent */
  assertUrl(url: string): Promise<void>;
  /** For the sockets: the addresses of a host that may be connected to, so that no name can lead elsewhere at its second look-up. */
  lookup: LookupFunction;
}

export type Resolve = (host: string, options: LookupOptions) => Promise<LookupAddress[]>;

/**
 * A CA whose directory has a public address sends nobody to private ones: its URLs would be the way into a
 * network that it doesn't see itself. Plain http goes to this machine alone, and only where the directory is
 * there, too: tests, and proxies that hold the TLS (docs/decisions.md#private-addresses).
 */
export function reachableHosts(directoryUrl: string, resolve: Resolve = resolveAll): ReachableHosts {
  const directory = new URL(directoryUrl);
  const home = bareHost(directory);
  let isPublic: Promise<boolean> | undefined;
  const isPublicCa = (): Promise<boolean> =>
    (isPublic ??= addressesOf(home, resolve).then(
      (addresses) => addresses.every((each) => !isPrivate(each)),
      // The directory's host can't be resolved for now: the other hosts are judged as if it were public.
      () => true,
    ));
  const allowed = async (host: string, options: LookupOptions): Promise<LookupAddress[]> => {
    const addresses = await resolve(host, options);
    const open = addresses.filter((each) => !isPrivate(each));
    if (open.length === addresses.length || !(await isPublicCa())) return addresses;
    if (open.length === 0) throw refused(host, addresses[0]?.address ?? '');
    return open;
  };
  return {
    async assertUrl(text) {
      const url = new URL(text);
      if (url.protocol === 'http:' && directory.protocol !== 'http:')
        throw unacceptable(`plain http (${printable(url.href)})`, "isn't");
      const host = bareHost(url);
      const family = isIP(host);
      if (family !== 0 && host !== home && isPrivate({ address: host, family }) && (await isPublicCa()))
        throw refused(host, host);
    },
    lookup(host, options, callback) {
      allowed(host, options).then(
        (addresses) => {
          if (options.all === true) callback(null, addresses);
          else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
        },
        (error: unknown) => {
          callback(error as NodeJS.ErrnoException, '', 0);
        },
      );
    },
  };
}

/** RFC 6890 and its successors: what isn't reached over the internet; IPv4 within IPv6 is judged as IPv4. */
function isPrivate({ address, family }: LookupAddress): boolean {
  if (family === 4) return notPublic.check(address, 'ipv4');
  const embedded = /^(?:::ffff:|64:ff9b::)(.+)$/i.exec(
    new URL(`http://[${address}]/`).hostname.slice(1, -1),
  )?.[1];
  return (
    notPublic.check(address, 'ipv6') || (embedded !== undefined && notPublic.check(dotted(embedded), 'ipv4'))
  );
}

/** `a00:1` as the URL parser writes the last four bytes, and `10.0.0.1`. */
function dotted(text: string): string {
  if (isIP(text) === 4) return text;
  const [high = 0, low = 0] = text.split(':').map((part) => Number.parseInt(part, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

const notPublic = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const)
  notPublic.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
] as const)
  notPublic.addSubnet(network, bits, 'ipv6');

async function addressesOf(host: string, resolve: Resolve): Promise<LookupAddress[]> {
  const family = isIP(host);
  return family === 0 ? resolve(host, { all: true }) : [{ address: host, family }];
}

const resolveAll: Resolve = (host, options) => promisify(systemLookup)(host, { ...options, all: true });

function bareHost({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function refused(host: string, address: string): Error {
  const where = host === address ? address : `${printable(host)}, whose address is ${address}`;
  return unacceptable(`a private address (${where})`, 'is elsewhere');
}

/** @param home how it is with its directory */
function unacceptable(what: string, home: string): Error {
  const error = new AcmeLedgerError('ca-answer', `the CA sends to ${what}, though its directory ${home}`, {
    hint: "it wasn't asked there; a CA of one's own is used by the private address of its directory, as --ca https://ca.internal/directory",
  });
  unsentError(error);
  return error;
}
