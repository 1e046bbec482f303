import type { RecordType } from 'dns-packet';
import { type DnsReply, ServerSilence } from '../../challenges/visibility/dns-query.ts';
import { socketAddressText } from '../../system/socket-address.ts';
import type { CheckParts } from '../check-parts.ts';
import { type Looked, type Resolver, lookedOf, textsOf } from './resolver.ts';
import { askDirectly, zoneOf } from './zone.ts';

/** From the public suffix to the zone of a name there are seldom more than two steps. */
const mostSteps = 6;
/** Servers of one zone that are asked one after the other. */
const mostServers = 3;

/**
 * Whether the name servers that the registry delegates to have no address of the name, either. A resolver of an inner
 * network may have zones of its own, which the CA never sees.
 */
export async function isAbsentFromAbove(name: string, parts: CheckParts): Promise<boolean> {
  const replies = await Promise.all([replyFromAbove(name, 'A', parts), replyFromAbove(name, 'AAAA', parts)]);
  return replies.every((reply) => reply !== null && isAbsent(reply, name));
}

/**
 * Asks the name servers that the registry delegates to for CAA records, where a resolver may have kept old ones. It is
 * silent for all other questions, where nobody can be asked, and for an alias, which leads to another zone.
 */
export function caaFromAbove(parts: CheckParts): Resolver {
  return {
    async look(name, type) {
      const reply = type === 'CAA' ? await replyFromAbove(name, type, parts) : null;
      const looked: Looked = reply === null ? { is: 'silent' } : lookedOf(reply, { name, type });
      return isNothing(looked) && looked.aliases.length > 0 ? { is: 'silent' } : looked;
    },
    isAlive: () => Promise.resolve(true),
  };
}

/** An alias leads to another zone, of which this reply says nothing. */
function isAbsent(reply: DnsReply, name: string): boolean {
  const looked = lookedOf(reply, { name, type: 'A' });
  return isNothing(looked) && looked.aliases.length === 0;
}

function isNothing(looked: Looked): looked is Extract<Looked, { is: 'none' | 'no-name' }> {
  return looked.is === 'none' || looked.is === 'no-name';
}

/** The answer of the name's own servers, by the delegations below its public suffix; null where they can't be asked. */
async function replyFromAbove(name: string, type: RecordType, parts: CheckParts): Promise<DnsReply | null> {
  // The list takes longer to load than most commands run.
  const { getPublicSuffix } = await import('tldts');
  const suffix = getPublicSuffix(name, { allowPrivateDomains: false });
  const top = suffix === null || suffix === name ? null : await zoneOf(suffix, parts);
  let servers = top?.servers.flatMap(({ addresses }) => addresses) ?? [];
  for (let step = 0; step < mostSteps && servers.length > 0; step += 1) {
    const reply = await firstReply(servers, { name, type }, parts);
    if (reply === null || (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN')) return null;
    if (reply.isAuthoritative) return reply;
    servers = await referredServers(reply, parts);
  }
  return null;
}

async function firstReply(
  servers: readonly string[],
  question: { name: string; type: RecordType },
  parts: CheckParts,
): Promise<DnsReply | null> {
  for (const server of servers.slice(0, mostServers)) {
    const reply = await askDirectly(server, question, parts);
    if (!(reply instanceof ServerSilence)) return reply;
  }
  return null;
}

async function referredServers({ authorities }: DnsReply, { resolver, view }: CheckParts): Promise<string[]> {
  const names = authorities.flatMap((record) => (record.type === 'NS' ? [record.data] : []));
  const looks = await Promise.all(names.slice(0, mostServers).map((server) => resolver.look(server, 'A')));
  return looks.flatMap(textsOf).map((host) => socketAddressText({ host, port: view.authorityPort }));
}
