import type { RecordType } from 'dns-packet';
import type { Resolver } from './resolver.ts';

/**
 * Whether DNSSEC of the name is broken: a validating resolver fails, and answers when it may not validate (CD, RFC 4035 §3.2.2).
 * A resolver that fails for its own top level domain can't validate anything, which says nothing of the name.
 */
export async function isBogus(name: string, type: RecordType, resolver: Resolver): Promise<boolean> {
  const looked = await resolver.look(name, type);
  if (looked.is !== 'failed' || looked.rcode !== 'SERVFAIL') return false;
  const unchecked = await resolver.look(name, type, { checkingDisabled: true });
  if (unchecked.is === 'failed' || unchecked.is === 'silent') return false;
  const top = name.split('.').at(-1) ?? '';
  const topLooked = await resolver.look(top, 'SOA');
  return topLooked.is !== 'failed' && topLooked.is !== 'silent';
}
