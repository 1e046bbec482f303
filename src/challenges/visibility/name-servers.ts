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
}

const queryTimeoutMs = 2_000;
const queryTries = 2;
/** Longer chains of aliases are loops; resolvers give up at about as many. */
export const maxAliases = 10;

/** An alias's end: where the record is in truth (RFC 1034 §3.6.2). `name` and the answer are without the last dot. */
export async function aliasTarget(
  name: string,
  servers: string[] | undefined,
  signal: AbortSignal,
): Promise<string> {
  let target = name;
  for (let hops = 0; hops < maxAliases; hops += 1) {
    const here = target;
    const [next] = await recordsOrNone(servers, signal, (resolver) => resolver.resolveCname(here));
    if (next === undefined) return target;
    target = next;
  }
  throw new Error(`${name} is an alias of an alias of an alias, more than ${String(maxAliases)} times`);
}

/**
 * The servers of the zone that `name` lies in: of the nearest name above it that has NS records.
 * @throws AcmeLedgerError `solver` when there is no such zone; Error when its servers have no address
 */
export async function zoneServers(
  name: string,
  view: NameServerView,
  signal: AbortSignal,
): Promise<NameServer[]> {
  const labels = name.split('.');
  for (let cut = 0; cut < labels.length; cut += 1) {
    const zone = labels.slice(cut).join('.');
    const names = await recordsOrNone(view.recursive, signal, (resolver) => resolver.resolveNs(zone));
    // An alias of another zone's top shows that zone's servers, and has none itself (RFC 1034 §3.6.2).
    if (names.length === 0 || (await isAlias(zone, view, signal))) continue;
    const servers = await Promise.all(names.toSorted().map((server) => withAddresses(server, view, signal)));
    const reachable = servers.filter(({ addresses }) => addresses.length > 0);
    if (reachable.length > 0) return reachable;
    throw new Error(`none of the name servers of ${zone} has an address`);
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

/** The TXT values at `name`, as one server shows them. @throws a node:dns error when it doesn't answer properly */
export async function txtValues(name: string, server: string, signal: AbortSignal): Promise<string[]> {
  const records = await recordsOrNone([server], signal, (resolver) => resolver.resolveTxt(name));
  // RFC 8555 §8.4 takes a record's strings together.
  return records.map((strings) => strings.join(''));
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

async function withAddresses(name: string, view: NameServerView, signal: AbortSignal): Promise<NameServer> {
  const port = String(view.authorityPort ?? 53);
  const { ipv4, ipv6 } = await addressesOf(name, view.recursive, signal);
  return { name, addresses: [...ipv4.map((ip) => `${ip}:${port}`), ...ipv6.map((ip) => `[${ip}]:${port}`)] };
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
