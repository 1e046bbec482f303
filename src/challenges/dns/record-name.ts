import { asError, hasCode } from '../../errors.ts';
import { unknownAlias } from './alias-failure.ts';
import { aliasAt, maxAliases, type NameServerView } from '../visibility/name-servers.ts';
import { zoneServers } from '../visibility/zone-servers.ts';
import type { VisibilitySettings } from '../visibility/settings.ts';
import type { PlaceOf } from './provider-solver.ts';

interface View {
  nameServers?: NameServerView;
}

/**
 * Where the record of a name is written: where a CA looks for it, behind the aliases of `_acme-challenge`. An alias that comes from a wildcard
 * in the zone (`*.example.com CNAME …`) is none: it ends as soon as the record is there.
 * @returns a function that throws AcmeLedgerError `solver` when no server tells
 */
export function placesOf(settings: VisibilitySettings, view: View): PlaceOf {
  const aliases = publicAliases(settings, view);
  return async (name, signal) => {
    try {
      return { name: await behindAliases(name, (each) => aliases(each, signal)), aliasFailure: null };
    } catch (error) {
      signal.throwIfAborted();
      // Nothing of the DNS can be seen from here, and nobody wants to look.
      if (settings.propagationTimeoutSeconds === 0) return { name, aliasFailure: asError(error) };
      if (hasCode(error, 'solver')) throw error;
      throw unknownAlias(name, asError(error));
    }
  };
}

/** A function that tells the alias of one name, as a CA would see it; it throws an Error when no server tells. */
export function publicAliases(
  settings: VisibilitySettings,
  { nameServers = {} }: View,
): (name: string, signal: AbortSignal) => Promise<string | null> {
  return (name, signal) => aliasOf(name, settings, nameServers, signal);
}

/** The end of a chain of aliases, without those that wildcards make. @param aliasOf null: the name has none */
export async function behindAliases(
  name: string,
  aliasOf: (name: string) => Promise<string | null>,
): Promise<string> {
  let target = name;
  for (let hops = 0; hops < maxAliases; hops += 1) {
    const next = await aliasOf(target);
    if (next === null) return target;
    // A sibling that nobody can have made shows the wildcard, if there is one; an alias of its own may well lead elsewhere.
    const sibling = target.replace(/^[^.]*/, '*');
    if ((await aliasOf(sibling)) === next) return target;
    target = next;
  }
  throw new Error(`${name} is an alias of an alias of an alias, more than ${String(maxAliases)} times`);
}

async function aliasOf(
  name: string,
  { resolver }: VisibilitySettings,
  view: NameServerView,
  signal: AbortSignal,
): Promise<string | null> {
  if (resolver !== null) return aliasAt(name, resolver, signal);
  const servers = await zoneServers(name, view, signal);
  let failure: unknown = new Error('none has an address');
  for (const address of servers.flatMap(({ addresses }) => addresses)) {
    try {
      return await aliasAt(name, address, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}
