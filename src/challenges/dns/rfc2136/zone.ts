import { AcmeLedgerError, asError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { shellWord } from '../../../shell-word.ts';
import { isSameName } from '../../visibility/dns-message.ts';
import { askServer, type DnsReply, ServerSilence } from '../../visibility/dns-query.ts';
import type { NameServerView } from '../../visibility/name-servers.ts';
import type { RecordPlace } from '../provider-solver.ts';
import { behindAliases, publicAliases } from '../record-name.ts';
import { zoneCandidates } from '../zone-search.ts';
import type { Rfc2136Settings } from './settings.ts';

/** Where a record is written, and the zone at the server that it lies in; null: the server has none for it. Names are without the last dot. */
interface Place extends RecordPlace {
  zone: string | null;
}

interface View {
  nameServers?: NameServerView;
}

/**
 * Finds the place of a record by asking the server that will be updated: one SOA question tells its alias, if it has one, and its zone. Names of
 * zones that the server doesn't have, such as the one that `_acme-challenge` leads here from, are asked about where a CA would ask.
 */
export function placesAtServer(
  settings: Rfc2136Settings,
  view: View,
): (name: string, signal: AbortSignal) => Promise<Place> {
  return async (name, signal) => {
    const zones = new Map<string, string>();
    let aliasFailure: Error | null = null;
    const aliasElsewhere = async (each: string): Promise<string | null> => {
      try {
        return await publicAliases(settings, view)(each, signal);
      } catch (error) {
        signal.throwIfAborted();
        // The server doesn't have the zone, and nobody says where it is: that it can't be updated is what is told.
        aliasFailure = asError(error);
        return null;
      }
    };
    const aliasOf = async (each: string): Promise<string | null> => {
      const reply = await soaAt(settings, each, signal);
      const zone = zoneIn(reply, each);
      if (zone !== null) zones.set(each, zone);
      return zone === null ? (ownAlias(reply, each) ?? aliasElsewhere(each)) : null;
    };
    const target = await behindAliases(name, aliasOf);
    const zone = zones.get(target) ?? (await zoneAbove(settings, target, signal));
    return { name: target, zone, aliasFailure };
  };
}

/** The zone of a name whose own zone an alias hides that a wildcard makes; null for a name that the server has no zone for. */
async function zoneAbove(
  settings: Rfc2136Settings,
  name: string,
  signal: AbortSignal,
): Promise<string | null> {
  for (const each of zoneCandidates(name)) {
    const reply = await soaAt(settings, each, signal);
    const zone = zoneIn(reply, each);
    if (zone !== null || ownAlias(reply, each) === null) return zone;
  }
  return null;
}

async function soaAt({ dnsServer }: Rfc2136Settings, name: string, signal: AbortSignal): Promise<DnsReply> {
  try {
    const reply = await askServer(dnsServer, { name, type: 'SOA' }, signal);
    if (reply.rcode === 'SERVFAIL') throw brokenZone(dnsServer, name);
    return reply;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ServerSilence)) throw error;
    throw new AcmeLedgerError(
      'solver',
      `the name server ${dnsServer} doesn't answer: ${printable(error.message)}`,
      {
        hint: `see whether it runs, and whether UDP and TCP get there: dig @${hostOf(dnsServer)} SOA ${shellWord(name)}`,
        cause: error,
      },
    );
  }
}

function hostOf(server: string): string {
  const [, host = server, port = '53'] = /^\[?([^\]]*?)\]?:([0-9]+)$/.exec(server) ?? [];
  return port === '53' ? host : `${host} -p ${port}`;
}

/** The zone that the server answers from; null where it isn't one of its own, or the answer is an alias. */
function zoneIn(reply: DnsReply, name: string): string | null {
  if (!reply.isAuthoritative || ownAlias(reply, name) !== null) return null;
  const soa = [...reply.answers, ...reply.authorities].find(({ type }) => type === 'SOA');
  return soa === undefined ? null : soa.name.replace(/\.$/, '').toLowerCase();
}

/** The alias that the server has in a zone of its own. */
function ownAlias({ answers, isAuthoritative }: DnsReply, name: string): string | null {
  if (!isAuthoritative) return null;
  for (const record of answers)
    if (record.type === 'CNAME' && isSameName(record.name, name)) return record.data.replace(/\.$/, '');
  return null;
}

function brokenZone(server: string, name: string): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `the name server ${server} fails when it is asked for the zone of ${printable(name)} (SERVFAIL)`,
    { hint: 'its log says why; often a zone file that it could not load' },
  );
}

/** The error of a record that can't be written. @param name the name that a CA looks at @param target where that leads to */
export function noZone(name: string, target: string, server: string): AcmeLedgerError {
  const alias = isSameName(name, target) ? '' : `, which ${name} is an alias of`;
  return new AcmeLedgerError(
    'solver',
    `the name server ${server} has no zone for ${printable(target)}${alias}`,
    {
      hint:
        'nothing was written: a CA would look for the record there. Give the primary server of that zone with --dns-server; ' +
        `dig SOA ${shellWord(printable(target))} shows the zone`,
    },
  );
}

/** Whether the server answers from a zone of its own, and shows no such value. */
export async function lacksValue(
  settings: Rfc2136Settings,
  { name, value }: { name: string; value: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { isAuthoritative, answers } = await askServer(settings.dnsServer, { name, type: 'TXT' }, signal);
  const values = answers.flatMap((record) => (record.type === 'TXT' ? [[record.data].flat().join('')] : []));
  return isAuthoritative && !values.includes(value);
}
