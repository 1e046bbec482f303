import type { Clock } from '../../clock.ts';
import { maxAliases, type NameServer, type NameServerView } from '../visibility/name-servers.ts';
import { recordView } from '../visibility/record-view.ts';
import { withAddresses, zoneOf } from '../visibility/zone-servers.ts';

/** The TXT values that one server shows at a name. */
export interface ShownValues {
  server: string;
  values: readonly string[];
}

/** What a look needs. */
export interface LookParts {
  /** `ADDR:PORT` of the one name server to ask; null for the zone's own. */
  resolver: string | null;
  view: NameServerView;
  clock: Clock;
}

/**
 * The TXT values at a name at every server of its zone, each asked at its first address that answers. Aliases and delegations of
 * the name are followed. A silent server that only the zone or only its delegation names is left out.
 * @param name without the root's dot
 * @throws Error where no server can be found, or one doesn't answer; AcmeLedgerError `solver` where there is no zone
 */
export async function shownValues(
  name: string,
  parts: LookParts,
  signal: AbortSignal,
  hops = 0,
): Promise<ShownValues[]> {
  if (hops > maxAliases) throw new Error(`${name} is an alias of an alias of an alias`);
  const { resolver, view, clock } = parts;
  const servers =
    resolver === null
      ? (await zoneOf(name.replace(/^[^.]+\./, ''), view, clock, signal)).servers
      : [{ name: resolver, addresses: [resolver] }];
  return shownAt(name, servers, parts, signal, hops);
}

async function shownAt(
  name: string,
  servers: readonly NameServer[],
  parts: LookParts,
  signal: AbortSignal,
  hops: number,
): Promise<ShownValues[]> {
  const silent: string[] = [];
  const shown = await Promise.all(
    servers.map(async ({ name: server, addresses, namedOnlyBy }): Promise<ShownValues[]> => {
      let reason = 'no address';
      for (const address of addresses) {
        const view = await recordView(address, name, parts.resolver !== null, signal);
        if (view.kind === 'values') return [{ server, values: view.values }];
        if (view.kind === 'absent') return [{ server, values: [] }];
        if (view.kind === 'alias') return shownValues(view.target, parts, signal, hops + 1);
        if (view.kind === 'delegated' && hops < maxAliases) {
          const below = await withAddresses(view.servers, parts.view, signal);
          return shownAt(name, below, parts, signal, hops + 1);
        }
        reason = view.kind === 'silent' ? view.message : 'it delegates in a circle';
      }
      silent.push(`${server} doesn't answer: ${reason}`);
      if (namedOnlyBy !== undefined) return [];
      throw new Error(silent.at(-1));
    }),
  );
  const values = shown.flat();
  if (values.length === 0) throw new Error(silent.join('; '));
  return values;
}
