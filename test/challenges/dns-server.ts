import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';

type RecordType = 'A' | 'NS' | 'CNAME' | 'TXT';
/** RFC 1035 §3.2.2 */
const typeNumbers: Record<RecordType, number> = { A: 1, NS: 2, CNAME: 5, TXT: 16 };

/** A name server of its own, as small as the tests need (RFC 1035 §4.1), on UDP. Records may change while it runs. */
export class DnsServer {
  readonly records: { name: string; type: RecordType; value: string }[] = [];
  /** `TYPE name` of every question, in the order in which they came. */
  readonly questions: string[] = [];
  /** RFC 1035 §4.1.1; 0 answers properly. */
  rcode = 0;
  silent = false;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (query, sender) => {
      if (this.silent) return;
      socket.send(this.#answer(query), sender.port, sender.address);
    });
  }

  static async start(address = '127.0.0.1', port = 0): Promise<DnsServer> {
    const socket = createSocket('udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new DnsServer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get address(): string {
    return `${this.#socket.address().address}:${String(this.port)}`;
  }

  add(type: RecordType, name: string, ...values: string[]): void {
    for (const value of values) this.records.push({ type, name, value });
  }

  async stop(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #answer(query: Buffer): Buffer {
    const { name, type, end } = questionOf(query);
    this.questions.push(`${nameOfType(type)} ${name}`);
    const here = this.records.filter((record) => record.name === name);
    const found = here.filter((record) => typeNumbers[record.type] === type || record.type === 'CNAME');
    const rcode = this.rcode === 0 && here.length === 0 ? 3 : this.rcode;
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8580 | rcode, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found.length, 6);
    return Buffer.concat([header, query.subarray(12, end), ...found.map((record) => resourceRecord(record))]);
  }
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function nameOfType(type: number): string {
  return Object.entries(typeNumbers).find(([, number]) => number === type)?.[0] ?? String(type);
}

function resourceRecord({ name, type, value }: { name: string; type: RecordType; value: string }): Buffer {
  const data = dataOf(type, value);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(typeNumbers[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(60, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodedName(name), fixed, data]);
}

function dataOf(type: RecordType, value: string): Buffer {
  if (type === 'TXT') return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  if (isIP(value) === 4) return Buffer.from(value.split('.').map(Number));
  return encodedName(value);
}

function encodedName(name: string): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
