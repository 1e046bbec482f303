import pLimit from 'p-limit';
import { messageOf } from '../../errors.ts';
import { maxAliases, type NameServer } from './name-servers.ts';
import { recordView, type RecordView } from './record-view.ts';
import type { DnsQuorum } from './settings.ts';

/** The reason why a value isn't seen at one server. */
export interface Lack {
  /** Null where no server was found to ask. */
  server: string | null;
  reason: string;
  /** The server answers, and shows something else. */
  answers: boolean;
  /** The values that it shows. */
  others: readonly string[];
}

/** What one look at all addresses of all servers found. */
export interface Look {
  /** Empty: the value is everywhere. */
  lacks: Lack[];
  /**
   * What is left out and not counted: servers that the quorum bears, silent ones that only the zone or the delegation names, silent addresses
   * of servers that show the value elsewhere, addresses that this machine has no way to.
   */
  leftOut: string[];
  /** The servers that showed the wanted value. */
  servers: ReadonlySet<string>;
  /** How long resolvers keep what the servers showed. */
  ttlSeconds: number;
}

/** The name of the server, by the address and the name that it was asked for. */
export type ShownAt = Map<string, string>;

/** How to ask. */
export interface LookParts {
  quorum: DnsQuorum;
  /** The servers that a name is asked at. @throws Error, or AcmeLedgerError `solver` where there is no zone */
  serversOf: (name: string) => Promise<readonly NameServer[]>;
  /** The servers that another one delegates to. @throws Error */
  serversNamed: (names: readonly string[]) => Promise<readonly NameServer[]>;
  /** The servers are resolvers, which ask others. */
  recursive: boolean;
  /** The places that showed the value in an earlier look, and aren't asked again. */
  shown: ShownAt;
  signal: AbortSignal;
}

/** Sockets that are open at one time, however many names are looked at. */
const inTurn = pLimit(100);

/**
 * Asks every address of every server of the name for the record, and follows what each says, its alias or its delegation, to the servers
 * behind. Nothing is remembered from the look before: a wildcard CNAME answers for a name until the record is there.
 * @throws AcmeLedgerError `solver` where there is no zone; Error where its servers have no address; the signal's reason
 */
export async function lookAtRecord(name: string, value: string, parts: LookParts): Promise<Look> {
  const walk = new Walk(value, parts);
  const lacks = await walk.lacksAt(name, await parts.serversOf(name), []);
  return {
    lacks,
    leftOut: [...walk.leftOut],
    servers: walk.servers,
    ttlSeconds: walk.ttlSeconds,
  };
}

interface Asked {
  name: string;
  server: NameServer;
  address: string;
  /** The places that led here. */
  path: readonly string[];
}

/** What one server, or one of its addresses, says. */
interface Side {
  server: NameServer;
  /** Empty: the value is there. */
  lacks: Lack[];
  /** It says nothing of the record itself. */
  isSilent: boolean;
}

class Walk {
  readonly leftOut = new Set<string>();
  readonly servers = new Set<string>();
  ttlSeconds = 0;
  readonly #value: string;
  readonly #parts: LookParts;
  /** Servers that have the same alias lead to the same place, which is asked once. */
  readonly #places = new Map<string, Promise<Lack[]>>();

  constructor(value: string, parts: LookParts) {
    this.#value = value;
    this.#parts = parts;
  }

  lacksAt(name: string, servers: readonly NameServer[], path: readonly string[]): Promise<Lack[]> {
    const key = `${name.toLowerCase()} ${servers.map((server) => server.name).join(' ')}`;
    // Whoever is on the way already would wait for itself.
    if (path.includes(key) || path.length > maxAliases) {
      const reason = `${name} is an alias of an alias of an alias, in a circle or more than ${String(maxAliases)} times`;
      return Promise.resolve([{ server: null, reason, answers: true, others: [] }]);
    }
    // Only what the name itself leads to is shared: two places further on may lead to each other.
    if (path.length > 1) return this.#lacksOnce(name, servers, [...path, key]);
    const lacks = this.#places.get(key) ?? this.#lacksOnce(name, servers, [...path, key]);
    this.#places.set(key, lacks);
    return lacks;
  }

  async #lacksOnce(name: string, servers: readonly NameServer[], path: readonly string[]): Promise<Lack[]> {
    const sides = await Promise.all(servers.map((server) => this.#sideOf(name, server, path)));
    const counted = this.#withoutDisputed(sides.filter((side) => side !== null));
    const lacks = counted.flatMap((side) => side.lacks);
    if (counted.length === 0)
      return [{ server: null, reason: [...this.leftOut].join('; '), answers: false, others: [] }];
    const silent = counted.filter((side) => side.lacks.some(({ answers }) => !answers));
    const isBorne =
      lacks.every(({ answers }) => !answers) &&
      counted.length - silent.length >= neededOf(this.#parts.quorum, counted.length);
    if (!isBorne) return lacks;
    this.#leaveOut(lacks);
    return [];
  }

  /** Leaves silent servers out that only the zone or only its delegation names: a CA that tries one goes on to those that show the value. */
  #withoutDisputed(sides: readonly Side[]): Side[] {
    const isShown = sides.some(({ lacks }) => lacks.length === 0);
    return sides.filter(({ server, isSilent, lacks }) => {
      const { namedOnlyBy } = server;
      if (!isShown || !isSilent || namedOnlyBy === undefined) return true;
      this.#leaveOut(lacks, `; only ${namedOnlyBy} names it`);
      return false;
    });
  }

  #leaveOut(lacks: readonly Lack[], more = ''): void {
    for (const { reason } of lacks) this.leftOut.add(`${reason}${more}`);
  }

  /** What one server says, by its addresses; null when this machine has no way to any of them. */
  async #sideOf(name: string, server: NameServer, path: readonly string[]): Promise<Side | null> {
    const sides = await Promise.all(
      server.addresses.map((address) => this.#addressSide({ name, server, address, path })),
    );
    const counted = sides.filter((side) => side !== null);
    if (counted.length === 0) return null;
    const speaking = counted.filter(({ isSilent }) => !isSilent);
    const lacks = counted.flatMap((side) => side.lacks);
    const isShown = speaking.length > 0 && speaking.every((side) => side.lacks.length === 0);
    if (!isShown) return { server, lacks, isSilent: speaking.length === 0 };
    // The server has the record: a way to one of its addresses is what is missing, here or everywhere.
    this.#leaveOut(lacks);
    return { server, lacks: [], isSilent: false };
  }

  async #addressSide(asked: Asked): Promise<Side | null> {
    const { recursive, signal, shown } = this.#parts;
    const { name, server, address } = asked;
    const place = `${address} ${name}`;
    const side = (lacks: Lack[]): Side => ({ server, lacks, isSilent: false });
    if (shown.has(place)) {
      this.servers.add(server.name);
      return side([]);
    }
    const view = await inTurn(() => recordView(address, name, recursive, signal));
    const who = server.name === address ? address : `${server.name} (${address})`;
    const lack = (reason: string, answers: boolean, others: readonly string[] = []): Lack[] => [
      { server: server.name, reason, answers, others },
    ];
    if (view.kind === 'silent' && view.reason === 'unreachable') {
      this.leftOut.add(`this machine has no way to ${who}`);
      return null;
    }
    if (view.kind === 'silent')
      return { server, lacks: lack(`${who} doesn't answer: ${view.message}`, false), isSilent: true };
    if (view.kind === 'alias' || view.kind === 'delegated') {
      try {
        return side(await this.#behind(view, asked));
      } catch (error) {
        signal.throwIfAborted();
        return side(lack(messageOf(error), true));
      }
    }
    if (this.#shows(view, server)) {
      shown.set(place, server.name);
      return side([]);
    }
    return side(lack(`${who} shows ${textOf(view)}`, true, view.kind === 'values' ? view.values : []));
  }

  async #behind(
    view: Extract<RecordView, { kind: 'alias' | 'delegated' }>,
    { name, server, path }: Asked,
  ): Promise<Lack[]> {
    const { recursive, serversOf, serversNamed } = this.#parts;
    if (view.kind === 'delegated') return this.lacksAt(name, await serversNamed(view.servers), path);
    return this.lacksAt(view.target, recursive ? [server] : await serversOf(view.target), path);
  }

  #shows(view: Extract<RecordView, { kind: 'values' | 'absent' }>, server: NameServer): boolean {
    if (view.kind === 'absent') return false;
    if (!view.values.includes(this.#value)) return false;
    this.servers.add(server.name);
    this.ttlSeconds = Math.max(this.ttlSeconds, view.ttlSeconds);
    return true;
  }
}

function textOf(view: Extract<RecordView, { kind: 'values' | 'absent' }>): string {
  return view.kind === 'absent' ? 'no TXT record' : `only ${view.values.join(', ')}`;
}

/** How many of a zone's servers must show the record. */
function neededOf(quorum: DnsQuorum, servers: number): number {
  if (quorum === 'all') return servers;
  return quorum === 'most' ? Math.floor(servers / 2) + 1 : Math.min(quorum, servers);
}
