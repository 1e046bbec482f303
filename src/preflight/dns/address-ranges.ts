import { BlockList, isIPv6 } from 'node:net';

/** Special-purpose addresses that are not globally reachable, by IANA's registries (RFC 6890), with multicast. */
const reservedIpv4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // documentation
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  reservedIpv4.addSubnet(network, prefix, 'ipv4');
/** A list of its own: an IPv4-mapped network would hold every IPv4 address. */
const reservedIpv6 = new BlockList();
for (const [network, prefix] of [
  ['::', 127],
  ['::ffff:0:0', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:2::', 48],
  ['2001:db8::', 32], // documentation
  ['3fff::', 20], // documentation
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  reservedIpv6.addSubnet(network, prefix, 'ipv6');

/** Whether no public CA can look at this address. */
export function isReserved(address: string): boolean {
  return isIPv6(address) ? reservedIpv6.check(address, 'ipv6') : reservedIpv4.check(address, 'ipv4');
}
