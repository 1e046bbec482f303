import { isSameName } from '../../challenges/visibility/dns-message.ts';
import { type DnsReply, ServerSilence, askServer } from '../../challenges/visibility/dns-query.ts';
import { socketAddressText } from '../../system/socket-address.ts';
import type { CheckParts } from '../check-parts.ts';
import { textsOf } from './resolver.ts';
import type { RecordType } from 'dns-packet';

/** A zone, and its servers by the resolver. */
export interface Zone {
  name: string;
  servers: ZoneServer[];
}

export interface ZoneServer {
  name: string;
  /** `ADDR:PORT` */
  addresses: string[];
}

/** The zone that the name lies in: the nearest one above it with NS records; null where the resolver shows none. */
export async function zoneOf(name: string, parts: CheckParts): Promise<Zone | null> {
  const labels = name.split('.');
  for (let cut = 0; cut < labels.length; cut += 1) {
    const zone = labels.slice(cut).join('.');
    const looked = await parts.resolver.look(zone, 'NS');
    // An alias of another zone's top shows that zone's servers, and is in none of its own (RFC 1034 §3.6.2).
    if (looked.is !== 'found' || looked.aliases.length > 0) continue;
    const names = textsOf(looked).map((server) => server.toLowerCase());
    return { name: zone, servers: await Promise.all(names.sort().map((server) => serverOf(server, parts))) };
  }
  return null;
}

async function serverOf(name: string, { resolver, view }: CheckParts): Promise<ZoneServer> {
  const [v4, v6] = await Promise.all([resolver.look(name, 'A'), resolver.look(name, 'AAAA')]);
  const hosts = [...textsOf(v4), ...textsOf(v6)];
  return { name, addresses: hosts.map((host) => socketAddressText({ host, port: view.authorityPort })) };
}

/** What one server says: its reply, or how it is silent. */
export async function askDirectly(
  address: string,
  question: { name: string; type: RecordType },
  { signal, view }: CheckParts,
): Promise<DnsReply | ServerSilence> {
  try {
    return await askServer(address, question, signal, { timeoutMs: view.serverTimeoutMs });
  } catch (error) {
    if (error instanceof ServerSilence) return error;
    throw error;
  }
}

/**
 * The name servers that the zone above delegates to; null where none of its servers tells. Zones of an inner
 * view, which the registry doesn't know, are seen there as the outside sees them.
 */
export async function delegatedServers(zone: Zone, parts: CheckParts): Promise<string[] | null> {
  const parent = zone.name.split('.').slice(1).join('.');
  const above = parent === '' ? null : await zoneOf(parent, parts);
  for (const address of above?.servers.flatMap(({ addresses }) => addresses).slice(0, 4) ?? []) {
    const reply = await askDirectly(address, { name: zone.name, type: 'NS' }, parts);
    if (reply instanceof ServerSilence || reply.rcode !== 'NOERROR') continue;
    const names = [...reply.answers, ...reply.authorities].flatMap((record) =>
      record.type === 'NS' && isSameName(record.name, zone.name) ? [record.data.toLowerCase()] : [],
    );
    // A server that has both zones answers from the lower one, which is no delegation.
    if (names.length > 0 && !reply.isAuthoritative) return names.sort();
  }
  return null;
}
