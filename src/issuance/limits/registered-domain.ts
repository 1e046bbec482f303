import { isIP } from 'node:net';
import type { Identifier } from '../../identifiers.ts';

/**
 * The subjects by which Let's Encrypt counts certificates: the registered domain by the public suffix list,
 * with the suffixes that a company offers to others; the name itself, where it is such a suffix; an IPv4
 * address; the /64 of an IPv6 address.
 */
export async function registeredDomains(identifiers: readonly Identifier[]): Promise<string[]> {
  // The list takes longer to load than most commands run.
  const { getDomain } = await import('tldts');
  const domains = identifiers.map(({ type, value }) => {
    if (type === 'ip') return networkOf(value);
    const name = value.replace(/^\*\./, '');
    return getDomain(name, { allowPrivateDomains: true }) ?? name;
  });
  return [...new Set(domains)];
}

/** The network of an address as Boulder writes it: `192.0.2.7/32`, `2001:db8::/64`. */
function networkOf(address: string): string {
  if (isIP(address) === 4) return `${address}/32`;
  const [before = '', after = ''] = address.split('::');
  const [head, tail] = [before, after].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  const groups = [...(head ?? []), ...Array<string>(zeros).fill('0'), ...(tail ?? [])].slice(0, 4);
  return `${new URL(`http://[${groups.join(':')}::]/`).hostname.slice(1, -1)}/64`;
}
