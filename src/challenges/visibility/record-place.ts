import {
  aliasAt,
  aliasTarget,
  maxAliases,
  zoneServers,
  type NameServer,
  type NameServerView,
} from './name-servers.ts';

/** Where a TXT record is in truth, and who is asked for it. Names are without the last dot. */
export interface RecordPlace {
  target: string;
  servers: NameServer[];
}

/**
 * A function that follows the name's aliases anew each time that it is called. The name's own servers are asked for them: a wildcard
 * CNAME answers for a name until the record is there, and a resolver in between would remember that answer.
 * @param resolver `ADDR:PORT` of the one server to ask about everything; null for the zones' own
 * @returns a function that throws an Error when no zone or no server can be found
 */
export function recordPlaces(
  name: string,
  resolver: string | null,
  view: NameServerView,
): (signal: AbortSignal) => Promise<RecordPlace> {
  if (resolver !== null) {
    const servers = [{ name: resolver, addresses: [resolver] }];
    return async (signal) => ({ target: await aliasTarget(name, [resolver], signal), servers });
  }
  // Delegations stay while a record is waited for.
  const zones = new Map<string, NameServer[]>();
  const serversOf = async (target: string, signal: AbortSignal): Promise<NameServer[]> => {
    const servers = zones.get(target) ?? (await zoneServers(target, view, signal));
    zones.set(target, servers);
    return servers;
  };
  return async (signal) => {
    let target = name;
    for (let hops = 0; hops < maxAliases; hops += 1) {
      const servers = await serversOf(target, signal);
      const next = await aliasAtServers(target, servers, signal);
      if (next === null) return { target, servers };
      target = next;
    }
    throw new Error(`${name} is an alias of an alias of an alias, more than ${String(maxAliases)} times`);
  };
}

/** What the first address that answers says. None that answers: the question for the record tells why. */
async function aliasAtServers(
  target: string,
  servers: readonly NameServer[],
  signal: AbortSignal,
): Promise<string | null> {
  for (const address of servers.flatMap(({ addresses }) => addresses)) {
    try {
      return await aliasAt(target, address, signal);
    } catch {
      signal.throwIfAborted();
    }
  }
  return null;
}
