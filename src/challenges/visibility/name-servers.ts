import { Resolver } from 'node:dns/promises';
import { AcmeLedgerError } from '../../errors.ts';
import { shellWord } from '../../shell-word.ts';
import { untilAborted } from '../../system/until-aborted.ts';

/** The servers that are asked for delegations, and the port of authoritative servers. */
export interface NameServerView {
  /** `ADDR:PORT` of recursive servers; the system's when left out. */
  recursive?: string[];
  /** 53 when left out. */
  authorityPort?: number;
}

/** A server of a zone with the addresses, `ADDR:PORT`, that it can be asked at. */
export interface NameServer {
  name: string;
  addresses: string[];
  /** Set where one of two sets lacks the server: the delegation of the zone above, and the NS records of the zone itself. */
  namedOnlyBy?: 'the zone above' | 'the zone itself';
}

const queryTimeoutMs = 2_000;
const queryTries = 2;
/** Longer chains of aliases are loops; resolvers give up at about as many. */
export const maxAliases = 10;

/**
 * The zone that `name` lies in, and the names of its servers, as a resolver tells them: the nearest name above it that has NS records.
 * @throws AcmeLedgerError `solver` when there is no such zone; a node:dns error when the resolver doesn't answer properly
 */
export async function resolvedZone(
  name: string,
  view: NameServerView,
  signal: AbortSignal,
): Promise<{ name: string; servers: string[] }> {
  const labels = name.split('.');
  for (let cut = 0; cut < labels.length; cut += 1) {
    const zone = labels.slice(cut).join('.');
    const servers = await recordsOrNone(view.recursive, signal, (resolver) => resolver.resolveNs(zone));
    // An alias of another zone's top shows that zone's servers, and has none itself (RFC 1034 §3.6.2).
    if (servers.length === 0 || (await isAlias(zone, view, signal))) continue;
    return { name: zone, servers: servers.toSorted() };
  }
  throw new AcmeLedgerError('solver', `no zone above ${name} has name servers`, {
    hint: `see whether the domain is registered and delegated: dig +trace NS ${shellWord(labels.slice(-2).join('.'))}; a zone that only one server knows is looked at with --resolver ADDR:PORT`,
  });
}

/** The alias that one server has for the name itself; null when it has none there. @throws a node:dns error when it doesn't answer properly */
export async function aliasAt(name: string, server: string, signal: AbortSignal): Promise<string | null> {
  const [target] = await recordsOrNone([server], signal, (resolver) => resolver.resolveCname(name));
  return target ?? null;
}

async function isAlias(name: string, view: NameServerView, signal: AbortSignal): Promise<boolean> {
  const targets = await recordsOrNone(view.recursive, signal, (resolver) => resolver.resolveCname(name));
  return targets.length > 0;
}

/** The addresses of a host. @throws a node:dns error when a server doesn't answer properly */
export async function addressesOf(
  name: string,
  servers: string[] | undefined,
  signal: AbortSignal,
): Promise<{ ipv4: string[]; ipv6: string[] }> {
  const [ipv4, ipv6] = await Promise.all([
    recordsOrNone(servers, signal, (resolver) => resolver.resolve4(name)),
    recordsOrNone(servers, signal, (resolver) => resolver.resolve6(name)),
  ]);
  return { ipv4, ipv6 };
}

/** The records, or none where the name or the type isn't there. */
async function recordsOrNone<T>(
  servers: string[] | undefined,
  signal: AbortSignal,
  query: (resolver: Resolver) => Promise<T[]>,
): Promise<T[]> {
  signal.throwIfAborted();
  // A new one each time: it may keep answers, and old answers are what we wait out.
  const resolver = new Resolver({ timeout: queryTimeoutMs, tries: queryTries });
  if (servers !== undefined) resolver.setServers(servers);
  try {
    return await untilAborted(() => query(resolver), signal);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  } finally {
    resolver.cancel();
  }
}

function isAbsence(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA')
  );
}
