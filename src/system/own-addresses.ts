import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Tells whether an IP address, in any spelling, is one of this machine's own interfaces now. */
export function ownAddresses(): (address: string) => boolean {
  const own = new BlockList();
  for (const each of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []))
    own.addAddress(each.address, each.family === 'IPv6' ? 'ipv6' : 'ipv4');
  return (address) => own.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
