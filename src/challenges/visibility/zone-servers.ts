import type { Clock } from '../../clock.ts';
import { asError } from '../../errors.ts';
import { isSameName } from './dns-message.ts';
import { askServer } from './dns-query.ts';
import { addressesOf, type NameServer, type NameServerView, resolvedZone } from './name-servers.ts';

/** The zone of a name, and its servers. */
export interface Zone {
  name: string;
  servers: NameServer[];
  /** The zone above told the servers; false: only the resolver did. */
  isDelegated: boolean;
}

/** Long enough for a run that waits for many names of a zone, and short enough for one that waits for a zone being moved. */
const keptMs = 60_000;

interface Kept {
  until: number;
  zone: Promise<Zone>;
}

/** The zones that this process found lately, by the view and the name. */
const kept = new Map<string, Kept>();

/**
 * The zone that a name lies in. Which zone that is, a resolver tells; its servers are those that the zone above delegates to, and
 * those that they name themselves: CAs ask some of each. A resolver remembers the servers that a moved zone has left, for days.
 * @throws AcmeLedgerError `solver` when there is no such zone; Error when its servers have no address
 */
export function zoneOf(name: string, view: NameServerView, clock: Clock, signal: AbortSignal): Promise<Zone> {
  const now = clock.now().getTime();
  for (const [key, { until }] of kept) if (until <= now) kept.delete(key);
  const key = `${(view.recursive ?? []).join(' ')} ${String(view.authorityPort)} ${name}`;
  const before = kept.get(key);
  if (before !== undefined) return before.zone;
  const zone = findZone(name, view, clock, signal);
  kept.set(key, { until: now + keptMs, zone });
  zone.catch(() => kept.delete(key));
  return zone;
}

/** The servers of the zone that a name lies in, as a resolver tells them: enough for whoever asks one of them. */
export async function zoneServers(
  name: string,
  view: NameServerView,
  signal: AbortSignal,
): Promise<NameServer[]> {
  return withAddresses((await resolvedZone(name, view, signal)).servers, view, signal);
}

async function findZone(
  name: string,
  view: NameServerView,
  clock: Clock,
  signal: AbortSignal,
): Promise<Zone> {
  const zone = await resolvedZone(name, view, signal);
  if (zone.name !== name) {
    // Many names lie in one zone: its servers are looked for once.
    return zoneOf(zone.name, view, clock, signal);
  }
  const delegated = await delegatedServers(zone.name, view, signal);
  if (delegated === null)
    return { name, servers: await withAddresses(zone.servers, view, signal), isDelegated: false };
  return { name, servers: await serversOfBothSets(zone.name, delegated, view, signal), isDelegated: true };
}

/**
 * The servers that the zone above delegates to, and those that they name themselves. One of a single set, whose addresses nobody tells, is
 * left out: a CA finds the others.
 * @throws Error when a server of both sets can't be looked up, or none has an address
 */
async function serversOfBothSets(
  zone: string,
  delegated: readonly string[],
  view: NameServerView,
  signal: AbortSignal,
): Promise<NameServer[]> {
  const above = await Promise.all(delegated.map((one) => lookedUp(one, view, signal)));
  const own = await namesToldBy(
    above.map(({ server }) => server),
    zone,
    signal,
  );
  const isOneOf = (names: readonly string[], one: string): boolean =>
    names.some((each) => isSameName(each, one));
  const others = own.filter((one) => !isOneOf(delegated, one));
  const below = await Promise.all(others.map((one) => lookedUp(one, view, signal)));
  const found: NameServer[] = below.map(({ server }) => ({ ...server, namedOnlyBy: 'the zone itself' }));
  for (const { server, failure } of above.toReversed()) {
    // Where the zone's own word can't be had, nothing contradicts the delegation.
    const isInBoth = own.length === 0 || isOneOf(own, server.name);
    if (isInBoth && failure !== null) throw failure;
    found.unshift(isInBoth ? server : { ...server, namedOnlyBy: 'the zone above' });
  }
  const reachable = found.filter(({ addresses }) => addresses.length > 0);
  if (reachable.length === 0) throw noAddress(delegated);
  return reachable;
}

/** The servers that the zone above names; null when none of its own can be asked, as in a network that has a resolver only. */
async function delegatedServers(
  zone: string,
  view: NameServerView,
  signal: AbortSignal,
): Promise<string[] | null> {
  const [, ...above] = zone.split('.');
  if (above.length === 0) return null;
  try {
    const parent = await resolvedZone(above.join('.'), view, signal);
    const servers = await withAddresses(parent.servers, view, signal);
    const told = await namesToldBy(servers, zone, signal);
    return told.length === 0 ? null : told;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** The servers of a zone, as the first of these servers tells them that answers. */
async function namesToldBy(
  servers: readonly NameServer[],
  zone: string,
  signal: AbortSignal,
): Promise<string[]> {
  for (const address of servers.flatMap(({ addresses }) => addresses).slice(0, triedAddresses)) {
    try {
      const { answers, authorities } = await askServer(address, { name: zone, type: 'NS' }, signal, once);
      const names = [...answers, ...authorities].flatMap((record) =>
        record.type === 'NS' && isSameName(record.name, zone) ? [record.data] : [],
      );
      if (names.length > 0) return [...new Set(names)].toSorted();
    } catch {
      signal.throwIfAborted();
    }
  }
  return [];
}

const triedAddresses = 4;
const once = { timeoutMs: 1_500, tries: 1 };

/** @throws Error when a server can't be looked up, or none has an address */
export async function withAddresses(
  names: readonly string[],
  view: NameServerView,
  signal: AbortSignal,
): Promise<NameServer[]> {
  const looked = await Promise.all(names.map((name) => lookedUp(name, view, signal)));
  const reachable = looked.flatMap(({ server, failure }) => {
    if (failure !== null) throw failure;
    return server.addresses.length === 0 ? [] : [server];
  });
  if (reachable.length === 0) throw noAddress(names);
  return reachable;
}

interface LookedUp {
  server: NameServer;
  /** Why nobody tells its addresses. */
  failure: Error | null;
}

async function lookedUp(name: string, view: NameServerView, signal: AbortSignal): Promise<LookedUp> {
  const port = String(view.authorityPort ?? 53);
  try {
    const { ipv4, ipv6 } = await addressesOf(name, view.recursive, signal);
    const addresses = [...ipv4.map((ip) => `${ip}:${port}`), ...ipv6.map((ip) => `[${ip}]:${port}`)];
    return { server: { name, addresses }, failure: null };
  } catch (error) {
    signal.throwIfAborted();
    return { server: { name, addresses: [] }, failure: asError(error) };
  }
}

function noAddress(names: readonly string[]): Error {
  return new Error(`none of the name servers ${names.join(', ')} has an address`);
}
