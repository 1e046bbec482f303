import { type RemoteInfo, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { type Question, decode } from 'dns-packet';

/** An address at which a name server is asked that listens at another one. */
export interface DnsFront {
  /** `TYPE name` of each question, in the order in which they came; ` TCP` behind those that came so. */
  questions: string[];
  stop(): Promise<void>;
}

interface Place {
  host: string;
  port: number;
}

export interface FrontResolver {
  /** The address that it asks from. */
  host: string;
  /** The place that its question of a name (by UDP) goes to instead; null for the usual one. */
  instead?: (name: string) => Place | null;
}

/**
 * Passes what comes to `from` on to a name server at `to`: BIND listens at addresses of the machine's interfaces alone, of which the loopback
 * has one, and each server of a zone needs its own.
 * @param resolver the resolver, whose questions aren't listed
 */
export async function startDnsFront(from: Place, to: Place, resolver: FrontResolver): Promise<DnsFront> {
  const questions: string[] = [];
  const asked = (bytes: Buffer, client: string | undefined, suffix: string): void => {
    if (client === resolver.host || !isQuery(bytes)) return;
    const question = questionOf(bytes);
    if (question !== undefined) questions.push(`${question.type} ${question.name.toLowerCase()}${suffix}`);
  };
  const placeFor = (bytes: Buffer, client: string): Place => {
    if (client !== resolver.host || resolver.instead === undefined) return to;
    return resolver.instead(questionOf(bytes)?.name.toLowerCase() ?? '') ?? to;
  };
  const udp = createSocket('udp4');
  udp.on('message', (bytes, client) => {
    asked(bytes, client.address, '');
    forward(bytes, client);
  });
  const forward = (bytes: Buffer, client: RemoteInfo): void => {
    const behind = createSocket('udp4');
    const ended = setTimeout(() => behind.close(), 5_000).unref();
    behind.on('error', () => undefined);
    behind.once('message', (answer) => {
      udp.send(answer, client.port, client.address, () => undefined);
      clearTimeout(ended);
      behind.close();
    });
    const { port, host } = placeFor(bytes, client.address);
    behind.send(bytes, port, host, () => undefined);
  };
  const open = new Set<Socket>();
  const tcp = createServer((client) => {
    const behind = connect(to);
    for (const socket of [client, behind]) {
      open.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          open.delete(socket);
          client.destroy();
          behind.destroy();
        });
    }
    client.once('data', (bytes: Buffer) => {
      asked(bytes.subarray(2), client.remoteAddress, ' TCP');
    });
    client.pipe(behind).pipe(client);
  });
  udp.bind(from.port, from.host);
  await once(udp, 'listening');
  await once(tcp.listen(from.port, from.host), 'listening');
  return {
    questions,
    async stop() {
      for (const socket of open) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
}

function questionOf(bytes: Buffer): Question | undefined {
  return decode(bytes).questions?.[0];
}

/** RFC 1035 §4.1.1; an update (RFC 2136) has another opcode, and records that no parser of answers takes. */
function isQuery(bytes: Buffer): boolean {
  return ((bytes[2] ?? 0) & 0x78) === 0;
}
