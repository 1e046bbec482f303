import type { Clock } from '../../clock.ts';
import { hasCode, messageOf } from '../../errors.ts';
import { askServer } from './dns-query.ts';
import type { NameServer, NameServerView } from './name-servers.ts';
import { type Look, type LookParts, lookAtRecord, type ShownAt } from './record-look.ts';
import type { VisibilitySettings } from './settings.ts';
import { withAddresses, zoneOf } from './zone-servers.ts';

/** One record, and those who are asked for it. */
export interface RecordWatch {
  /**
   * Looks at the record anew. Until all servers show it, those that do aren't asked again, unless one shows another of our values instead; then each look asks them all.
   * @throws AcmeLedgerError `solver` for a record that lies in no zone; the signal's reason
   */
  look: () => Promise<Look>;
  /** The same text for all records of the same servers. */
  placeKey: () => Promise<string>;
  /** Whether the servers of all looks so far were told by the zones above theirs: not a resolver that the settings name, nor this machine's. */
  isDelegated: () => boolean;
  /** How long resolvers keep that nothing is there; 0 when no server tells. */
  negativeTtlSeconds: () => Promise<number>;
}

export function watchOf(
  record: { name: string; value: string; besides?: readonly string[] },
  { resolver, dnsQuorum }: Pick<VisibilitySettings, 'resolver' | 'dnsQuorum'>,
  { clock, nameServers }: { clock: Clock; nameServers: NameServerView },
  signal: AbortSignal,
): RecordWatch {
  const one: NameServer[] = resolver === null ? [] : [{ name: resolver, addresses: [resolver] }];
  const name = record.name.replace(/\.$/, '');
  const shown: ShownAt = new Map();
  let isDelegated = resolver === null;
  const parts: LookParts = {
    quorum: dnsQuorum,
    recursive: resolver !== null,
    signal,
    shown,
    // A zone that begins at the name itself is found by the delegation that the zone above shows, which may change meanwhile.
    async serversOf(each) {
      if (resolver !== null) return one;
      const zone = await zoneOf(above(each), nameServers, clock, signal);
      if (!zone.isDelegated) isDelegated = false;
      return zone.servers;
    },
    serversNamed: (names) => withAddresses(names, nameServers, signal),
  };
  return {
    async look() {
      try {
        const look = await lookAtRecord(name, record.value, parts);
        // Where another of our values took this one's place, a server that showed it before may have lost it meanwhile.
        const isReplaced = look.lacks.some(({ others }) =>
          record.besides?.some((value) => others.includes(value)),
        );
        if (look.lacks.length === 0 || isReplaced) shown.clear();
        return look;
      } catch (error) {
        signal.throwIfAborted();
        // No name server will ever show a record that lies in no zone.
        if (hasCode(error, 'solver')) throw error;
        return nothingFound(messageOf(error));
      }
    },
    async placeKey() {
      try {
        return (await parts.serversOf(name)).map((server) => server.name).join(' ');
      } catch {
        signal.throwIfAborted();
        // The look tells why.
        return name;
      }
    },
    isDelegated: () => isDelegated,
    async negativeTtlSeconds() {
      try {
        const [address = ''] = (await parts.serversOf(name)).flatMap(({ addresses }) => addresses);
        return await soaMinimum(address, above(name), resolver !== null, signal);
      } catch {
        signal.throwIfAborted();
        return 0;
      }
    },
  };
}

async function soaMinimum(
  address: string,
  name: string,
  recursive: boolean,
  signal: AbortSignal,
): Promise<number> {
  const { answers, authorities } = await askServer(address, { name, type: 'SOA', recursive }, signal);
  const soa = [...answers, ...authorities].find((record) => record.type === 'SOA');
  return soa?.type === 'SOA' ? Math.min(soa.ttl ?? 0, soa.data.minimum ?? 0) : 0;
}

function above(name: string): string {
  const parent = name.split('.').slice(1).join('.');
  return parent === '' ? name : parent;
}

function nothingFound(reason: string): Look {
  const lacks = [{ server: null, reason, answers: false, others: [] }];
  return { lacks, leftOut: [], servers: new Set(), ttlSeconds: 0 };
}
