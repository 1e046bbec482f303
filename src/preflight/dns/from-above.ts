import type { RecordType } from 'dns-packet';
import { type DnsReply, ServerSilence } from '../../challenges/visibility/dns-query.ts';
import { socketAddressText } from '../../system/socket-address.ts';
import type { CheckParts } from '../check-parts.ts';
import type { FindingCode } from '../finding-codes.ts';
import { lookedOf, textsOf } from './resolver.ts';
import { askDirectly, zoneOf } from './zone.ts';

/** From the public suffix to the zone of a name there are seldom more than two steps. */
const mostSteps = 6;
/** Servers of one zone that are asked one after the other. */
const mostServers = 3;

/**
 * Whether the name servers that the registry delegates to say the same as the resolver did. A resolver of an inner
 * network may have zones of its own, which the CA never sees.
 */
export async function isSeenFromAbove(name: string, code: FindingCode, parts: CheckParts): Promise<boolean> {
  if (code === 'domain-missing' || code === 'address-missing') {
    const [v4, v6] = await Promise.all([
      replyFromAbove(name, 'A', parts),
      replyFromAbove(name, 'AAAA', parts),
    ]);
    return [v4, v6].every((reply) => reply !== null && isAbsent(reply, name));
  }
  const reply = await replyFromAbove(name, 'CAA', parts);
  return reply?.answers.some(({ type }) => type === 'CAA') === true;
}

/** An alias leads to another zone, of which this reply says nothing. */
function isAbsent(reply: DnsReply, name: string): boolean {
  const looked = lookedOf(reply, { name, type: 'A' });
  return (looked.is === 'none' || looked.is === 'no-name') && looked.aliases.length === 0;
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
