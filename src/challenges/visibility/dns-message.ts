import { randomInt } from 'node:crypto';
import {
  type Answer,
  type DecodedPacket,
  type Packet,
  type Question,
  type RecordType,
  AUTHENTIC_DATA,
  CHECKING_DISABLED,
  RECURSION_DESIRED,
  decode,
  encode,
  streamEncode,
} from 'dns-packet';

export interface DnsQuestion {
  /** With or without the last dot. */
  name: string;
  type: RecordType;
  /** For a resolver: it asks others. Left out: the server answers from its own zones. */
  recursive?: boolean;
  /** For a validating resolver: it answers also what DNSSEC finds bogus (RFC 4035 §3.2.2). */
  checkingDisabled?: boolean;
}

/** A question in the form that goes to a server. */
export interface Query {
  id: number;
  question: DnsQuestion;
  bytes: Buffer;
  stream: Buffer;
}

export function queryOf(question: DnsQuestion, withEdns: boolean): Query {
  const id = randomInt(0x10000);
  const { name, type, recursive = false, checkingDisabled = false } = question;
  const flags =
    (recursive ? RECURSION_DESIRED | AUTHENTIC_DATA : 0) | (checkingDisabled ? CHECKING_DISABLED : 0);
  const questions: Question[] = [{ name: bare(name), type, class: 'IN' }];
  const packet: Packet = {
    type: 'query',
    id,
    flags,
    questions,
    ...(withEdns ? { additionals: [optRecord] } : {}),
  };
  return { id, question, bytes: encode(packet), stream: streamEncode(packet) };
}

/** An answer of this size is cut into pieces by no network (the DNS flag day of 2020). */
const udpPayloadSize = 1_232;

const optRecord = {
  type: 'OPT',
  name: '.',
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} as const satisfies Answer;

/** Null for what isn't the answer to this question. */
export function decodedAnswer(bytes: Buffer, { id, question }: Query): DecodedPacket | null {
  try {
    const answer = decode(bytes);
    const [asked] = answer.questions ?? [];
    // A server that fails may leave the question out.
    const isOurs =
      asked === undefined || (isSameName(asked.name, question.name) && asked.type === question.type);
    return answer.type === 'response' && answer.id === id && isOurs ? answer : null;
  } catch {
    return null;
  }
}

const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const;

/** The name of the response code (RFC 1035 §4.1.1). */
export function rcodeOf({ flags = 0 }: DecodedPacket): string {
  const code = flags & 0xf;
  return rcodes[code] ?? `RCODE ${String(code)}`;
}

/** Whether two names are the same in the DNS (RFC 4343), with or without the last dot. */
export function isSameName(one: string, other: string): boolean {
  return bare(one) === bare(other);
}

function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
