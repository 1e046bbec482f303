import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import {
  type Answer,
  type DecodedPacket,
  type Packet,
  type RecordType,
  AUTHENTIC_DATA,
  AUTHORITATIVE_ANSWER,
  CHECKING_DISABLED,
  TRUNCATED_RESPONSE,
  decode,
  encode,
  streamEncode,
} from 'dns-packet';

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

interface Asked {
  name: string;
  type: RecordType;
  overTcp: boolean;
  hasEdns: boolean;
  checkingDisabled: boolean;
}

interface Known {
  rcode: keyof typeof rcodes;
  answers: Answer[];
  authorities: Answer[];
  isReferral?: boolean;
}

/** What a server says otherwise than it would, to one question; null: as usual. */
type Mood = (asked: Asked) => keyof typeof rcodes | 'silent' | null;

/**
 * A name server, or a resolver that knows everything itself, on UDP and TCP. It answers from its records, whatever
 * they are; what lies in none of its zones is refused. Records may change while it runs.
 */
export class NameServer {
  readonly records: Answer[] = [];
  /** The zones that it has; all when empty, as a resolver has. */
  readonly zones: string[] = [];
  /** Names under these fail unless the question switches validation off: DNSSEC is broken there. */
  readonly bogus: string[] = [];
  /** `TYPE name` of every question, in the order in which they came; ` TCP` behind those that came so. */
  readonly questions: string[] = [];
  /** Zones below that it tells the servers of. */
  readonly #delegations = new Map<string, string[]>();
  mood: Mood = () => null;
  /** It answers so much later. */
  latencyMs = 0;
  /** Answers by UDP say that they don't fit. */
  truncates = false;
  /** Answers as a validating resolver does where nothing is signed badly. */
  validates = false;
  readonly #udp: Socket;
  readonly #tcp: Server;

  private constructor(udp: Socket, tcp: Server) {
    this.#udp = udp;
    this.#tcp = tcp;
    udp.on('message', (bytes, sender) => {
      const answer = this.#answerTo(bytes, false);
      if (answer === null) return;
      const send = (): void => {
        udp.send(encode(answer), sender.port, sender.address);
      };
      if (this.latencyMs === 0) send();
      else setTimeout(send, this.latencyMs);
    });
    tcp.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => {
        const answer = this.#answerTo(bytes.subarray(2), true);
        if (answer !== null) socket.end(streamEncode(answer));
      });
    });
  }

  static async start(host = '127.0.0.1', port = 0): Promise<NameServer> {
    const tcp = createServer().listen(port, host);
    await once(tcp, 'listening');
    const udp = createSocket('udp4').bind((tcp.address() as AddressInfo).port, host);
    await once(udp, 'listening');
    return new NameServer(udp, tcp);
  }

  get port(): number {
    return this.#udp.address().port;
  }

  get address(): string {
    return `${this.#udp.address().address}:${String(this.port)}`;
  }

  add(...records: Answer[]): void {
    this.records.push(...records);
  }

  /** Tells the name servers of a zone below, as a registry does. */
  delegate(zone: string, ...servers: string[]): void {
    this.#delegations.set(zone, servers);
  }

  /** Takes away the records of this type at the name. */
  remove(type: RecordType, name: string): void {
    const kept = this.records.filter((record) => record.type !== type || record.name !== name);
    this.records.splice(0, Infinity, ...kept);
  }

  async stop(): Promise<void> {
    this.#udp.close();
    await new Promise((resolve) => this.#tcp.close(resolve));
  }

  #answerTo(bytes: Buffer, overTcp: boolean): Packet | null {
    const query = decode(bytes);
    const asked = askedIn(query, overTcp);
    this.questions.push(`${asked.type} ${asked.name}${overTcp ? ' TCP' : ''}`);
    const mood = this.mood(asked) ?? (this.#isBogus(asked) ? 'SERVFAIL' : null);
    if (mood === 'silent') return null;
    const said: Known = mood === null ? this.#knownOf(asked) : { rcode: mood, answers: [], authorities: [] };
    const isCut = this.truncates && !overTcp;
    const flags =
      (said.rcode === 'REFUSED' || said.isReferral === true ? 0 : AUTHORITATIVE_ANSWER) |
      (this.validates ? AUTHENTIC_DATA : 0) |
      (isCut ? TRUNCATED_RESPONSE : 0) |
      rcodes[said.rcode];
    return {
      type: 'response',
      id: query.id ?? 0,
      flags,
      questions: query.questions ?? [],
      answers: isCut ? [] : said.answers,
      authorities: said.authorities,
    };
  }

  #isBogus({ name, checkingDisabled }: Asked): boolean {
    return !checkingDisabled && this.bogus.some((zone) => isUnder(name, zone));
  }

  #knownOf({ name, type }: Asked): Known {
    if (this.zones.length > 0 && !this.zones.some((zone) => isUnder(name, zone)))
      return { rcode: 'REFUSED', answers: [], authorities: [] };
    for (const [zone, servers] of this.#delegations) {
      if (!isUnder(name, zone)) continue;
      const authorities = servers.map((data): Answer => ({ type: 'NS', name: zone, data }));
      return { rcode: 'NOERROR', answers: [], authorities, isReferral: true };
    }
    const answers: Answer[] = [];
    let target = name;
    for (let hops = 0; hops < 12; hops += 1) {
      const here = this.records.filter((record) => record.name === target);
      answers.push(...here.filter((record) => record.type === type));
      const alias = here.find((record) => record.type === 'CNAME');
      if (alias?.type !== 'CNAME' || type === 'CNAME') break;
      answers.push(alias);
      target = alias.data;
    }
    const exists = this.records.some((record) => isUnder(record.name, target));
    const soa = this.records.filter(
      (record) => record.type === 'SOA' && answers.length === 0 && isUnder(name, record.name),
    );
    return { rcode: exists ? 'NOERROR' : 'NXDOMAIN', answers, authorities: soa };
  }
}

function askedIn(query: DecodedPacket, overTcp: boolean): Asked {
  const [question] = query.questions ?? [];
  return {
    name: (question?.name ?? '').toLowerCase(),
    type: question?.type ?? 'NULL',
    overTcp,
    hasEdns: (query.additionals ?? []).some(({ type }) => type === 'OPT'),
    checkingDisabled: ((query.flags ?? 0) & CHECKING_DISABLED) !== 0,
  };
}

function isUnder(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`) || zone === '';
}
