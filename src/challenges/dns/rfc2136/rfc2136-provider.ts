import { dnsRecordName } from '../../answer-values.ts';
import type { SolverParts } from '../../solver-kind.ts';
import type { DnsProvider, DnsRecord } from '../provider.ts';
import type { PlaceOf } from '../provider-solver.ts';
import { nsupdate } from './nsupdate.ts';
import { refusalError } from './refusal.ts';
import type { Rfc2136Settings } from './settings.ts';
import { tsigKeyOf } from './tsig-key.ts';
import { lacksValue, noZone, placesAtServer } from './zone.ts';

/** A resolver that looked too early keeps the answer no longer than this. */
const ttlSeconds = 60;

interface Updates {
  provider: DnsProvider;
  placeOf: PlaceOf;
}

/** Dynamic updates (RFC 2136) of one name server, by nsupdate. */
export function rfc2136Provider(settings: Rfc2136Settings, parts: SolverParts): Updates {
  const placeOf = placesAtServer(settings, parts);
  /** The zones of the places that were found. */
  const zones = new Map<string, string | null>();
  const update = async (
    { name }: DnsRecord,
    zone: string,
    commands: readonly string[],
    signal: AbortSignal,
  ): Promise<void> => {
    const key = await tsigKeyOf(settings);
    const script = [
      `server ${settings.dnsServer.replace(/:([0-9]+)$/, ' $1').replaceAll(/[[\]]/g, '')}`,
      `zone ${zone}.`,
      ...(key === null ? [] : [`key ${key.algorithm}:${key.name} ${key.secret}`]),
      ...commands,
      'send',
    ];
    const refusal = await nsupdate(script, signal);
    if (refusal !== null) throw refusalError(refusal, { name, zone, settings, key });
  };
  return {
    async placeOf(name, signal) {
      const place = await placeOf(name, signal);
      zones.set(place.name, place.zone);
      return place;
    },
    provider: {
      async add(record, signal) {
        const { name, value } = record;
        const zone = zones.get(name) ?? null;
        if (zone === null)
          throw noZone(dnsRecordName(record.answer).replace(/\.$/, ''), name, settings.dnsServer);
        // RFC 2136 §3.4.2.2: a record beside a CNAME is passed over in silence.
        const commands = [
          `prereq nxrrset ${name}. IN CNAME`,
          `update add ${name}. ${String(ttlSeconds)} IN TXT "${value}"`,
        ];
        await update(record, zone, commands, signal);
        return null;
      },
      async remove(record, signal) {
        const zone = zones.get(record.name) ?? null;
        // The server has no zone in which anything of ours could be.
        if (zone === null) return;
        const command = `update delete ${record.name}. IN TXT "${record.value}"`;
        try {
          await update(record, zone, [command], signal);
        } catch (error) {
          signal.throwIfAborted();
          // Who refuses the key now may have refused to put it up.
          if (!(await lacksValue(settings, record, signal))) throw error;
        }
      },
    },
  };
}
