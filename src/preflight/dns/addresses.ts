import type { CheckParts } from '../check-parts.ts';
import { type Found, found } from '../finding.ts';
import { type Subject, isPublicCa } from '../subject.ts';
import { isReserved } from './address-ranges.ts';
import { bogus } from './caa.ts';
import { isBogus } from './dnssec.ts';
import { type Looked, textsOf } from './resolver.ts';

export interface Addresses {
  ipv4: string[];
  ipv6: string[];
}

/** The addresses that the CA would look at, for a name that is proven at its host. */
export async function checkAddresses(
  subject: Subject,
  { resolver }: CheckParts,
): Promise<{ findings: Found[]; addresses: Addresses }> {
  const { base } = subject;
  const none = { ipv4: [], ipv6: [] };
  const [v4, v6] = await Promise.all([resolver.look(base, 'A'), resolver.look(base, 'AAAA')]);
  const all = { ipv4: textsOf(v4), ipv6: textsOf(v6) };
  const count = all.ipv4.length + all.ipv6.length;
  if (count === 0) {
    if (await isBogus(base, 'A', resolver)) return { findings: [bogus(base)], addresses: none };
    return { findings: [missing(base, v4, v6)], addresses: none };
  }
  if (!isPublicCa(subject)) return { findings: [], addresses: all };
  const isOpen = (address: string): boolean => !isReserved(address);
  const open = { ipv4: all.ipv4.filter(isOpen), ipv6: all.ipv6.filter(isOpen) };
  const inner = [...all.ipv4, ...all.ipv6].filter(isReserved);
  return { findings: innerFindings(base, inner, count), addresses: open };
}

function innerFindings(name: string, inner: readonly string[], count: number): Found[] {
  const [first = ''] = inner;
  const record = { name, type: first.includes(':') ? 'AAAA' : 'A', found: inner, wanted: null };
  if (inner.length === 0) return [];
  const told = inner.join(', ');
  if (inner.length < count)
    return [
      found('address-partly-private', `${name} has the address ${told}, which is reserved or private`, {
        record,
      }),
    ];
  const message = `${name} has no address that a public CA can look at: ${told} is reserved or private`;
  return [found('address-private', message, { record })];
}

function missing(name: string, v4: Looked, v6: Looked): Found {
  if (isUnanswered(v4) || isUnanswered(v6)) return dnsFails(name, v4);
  if (v4.is === 'no-name') return noSuchName(name, v4.aliases);
  const record = { name, type: 'A', found: [], wanted: null };
  return found('address-missing', `${name} is there, and has no address: no A and no AAAA record`, {
    record,
  });
}

/** The finding for a name that isn't in the DNS. */
function noSuchName(name: string, aliases: readonly string[]): Found {
  const target = aliases.at(-1);
  const record = { name, type: 'A', found: [], wanted: null };
  if (target === undefined)
    return found('domain-missing', `${name} is not in the DNS (NXDOMAIN)`, { record });
  return found('domain-missing', `${name} is an alias of ${target}, which is not in the DNS (NXDOMAIN)`, {
    mend: `correct the CNAME record of ${name}, or make an A record for ${target}`,
    record: { name, type: 'CNAME', found: aliases, wanted: null },
  });
}

function dnsFails(name: string, looked: Looked): Found {
  const how = looked.is === 'failed' ? looked.rcode : 'no answer';
  return found('dns-fails', `the addresses of ${name} can not be looked up: ${how}`);
}

function isUnanswered({ is }: Looked): boolean {
  return is === 'failed' || is === 'silent';
}
