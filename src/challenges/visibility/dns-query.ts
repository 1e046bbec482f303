import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Answer, DecodedPacket } from 'dns-packet';
import { AcmeLedgerError, messageOf } from '../../errors.ts';
import { type SocketAddress, parseListenAddress } from '../../system/socket-address.ts';
import { timeLimit } from '../../system/time-limit.ts';
import { type DnsQuestion, type Query, decodedAnswer, queryOf, rcodeOf } from './dns-message.ts';

/** One server's answer to one question. Names are as the server wrote them, without the last dot. */
export interface DnsReply {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … */
  rcode: string;
  /** The server answers from a zone of its own (AA). */
  isAuthoritative: boolean;
  /** The resolver has found the answer signed, and well so (AD, RFC 4035 §3.2.3). */
  isAuthentic: boolean;
  answers: Answer[];
  authorities: Answer[];
}

/** The reason why a server has given no answer: `unreachable` says that this machine has no way to it. */
export type SilenceReason = 'timeout' | 'refused' | 'unreachable' | 'garbled';

/** A server that gave no answer that can be read. */
export class ServerSilence extends Error {
  readonly reason: SilenceReason;

  constructor(reason: SilenceReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

export interface QueryLimits {
  /** For one try; two seconds when left out. */
  timeoutMs?: number;
  /** A question by UDP may be lost; two when left out. */
  tries?: number;
}

const usualTimeoutMs = 2_000;
const usualTries = 2;
/** A server that answers so doesn't know EDNS (RFC 6891 §7). */
const withoutEdns: ReadonlySet<string> = new Set(['FORMERR', 'NOTIMP']);

/**
 * Asks one server one question: by UDP, and by TCP when its answer doesn't fit (RFC 7766). No cache is between.
 * @param server `ADDR:PORT`
 * @throws ServerSilence, or the signal's reason
 */
export async function askServer(
  server: string,
  question: DnsQuestion,
  signal: AbortSignal,
  limits: QueryLimits = {},
): Promise<DnsReply> {
  signal.throwIfAborted();
  const address = serverAddress(server);
  const ask = (withEdns: boolean): Promise<DecodedPacket> =>
    answerTo(address, queryOf(question, withEdns), signal, limits);
  let packet = await ask(true);
  if (withoutEdns.has(rcodeOf(packet))) packet = await ask(false);
  return {
    rcode: rcodeOf(packet),
    isAuthoritative: packet.flag_aa,
    isAuthentic: packet.flag_ad,
    answers: packet.answers ?? [],
    authorities: packet.authorities ?? [],
  };
}

type Host = SocketAddress & { host: string };

function serverAddress(server: string): Host {
  const { host = null, port = 53 } = parseListenAddress(server) ?? {};
  if (host !== null) return { host, port };
  throw new AcmeLedgerError('bug', `"${server}" is no address of a name server`);
}

async function answerTo(
  address: Host,
  packet: Query,
  signal: AbortSignal,
  { timeoutMs = usualTimeoutMs, tries = usualTries }: QueryLimits,
): Promise<DecodedPacket> {
  for (let triesLeft = tries; ; triesLeft -= 1) {
    try {
      const answer = await inTime(timeoutMs, signal, (limited) => overUdp(address, packet, limited));
      if (!answer.flag_tc) return answer;
      return await inTime(timeoutMs, signal, (limited) => overTcp(address, packet, limited));
    } catch (error) {
      const mayBeLost = error instanceof ServerSilence && error.reason === 'timeout';
      if (!mayBeLost || triesLeft <= 1) throw error;
    }
  }
}

async function inTime<T>(
  ms: number,
  signal: AbortSignal,
  act: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = timeLimit(ms, signal);
  try {
    return await act(limit.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (limit.signal.aborted)
      throw new ServerSilence('timeout', `no answer in ${String(ms / 1000)} s`, error);
    throw error;
  } finally {
    limit.clear();
  }
}

/** A connected socket takes packets of that address and port alone, and hears that nobody listens there. */
async function overUdp({ host, port }: Host, packet: Query, signal: AbortSignal): Promise<DecodedPacket> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    return await new Promise<DecodedPacket>((resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason);
      });
      socket.on('error', (error) => {
        reject(silenceOf(error));
      });
      socket.on('message', (bytes) => {
        const answer = decodedAnswer(bytes, packet);
        // An answer to another question is somebody else's: the right one may still come.
        if (answer !== null) resolve(answer);
      });
      socket.connect(port, host, (error?: Error) => {
        if (error === undefined) socket.send(packet.bytes);
        else reject(silenceOf(error));
      });
    });
  } finally {
    socket.close();
  }
}

async function overTcp({ host, port }: Host, packet: Query, signal: AbortSignal): Promise<DecodedPacket> {
  const socket = connect({ host, port, signal });
  try {
    return await new Promise<DecodedPacket>((resolve, reject) => {
      let received = Buffer.alloc(0);
      socket.on('error', (error) => {
        reject(silenceOf(error));
      });
      socket.on('close', () => {
        reject(new ServerSilence('garbled', 'the server ended the connection without an answer'));
      });
      socket.on('data', (bytes: Buffer) => {
        received = Buffer.concat([received, bytes]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        const answer = decodedAnswer(received.subarray(2), packet);
        if (answer === null) reject(new ServerSilence('garbled', "the server's answer can't be read"));
        else resolve(answer);
      });
      socket.write(packet.stream);
    });
  } finally {
    socket.destroy();
  }
}

const noWay: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

function silenceOf(error: Error): ServerSilence {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNREFUSED') return new ServerSilence('refused', 'nothing listens there', error);
  if (noWay.has(code)) return new ServerSilence('unreachable', messageOf(error), error);
  return new ServerSilence('garbled', messageOf(error), error);
}
