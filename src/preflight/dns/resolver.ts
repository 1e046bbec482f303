import { getServers } from 'node:dns';
import type { Answer, RecordType } from 'dns-packet';
import { type DnsQuestion, isSameName } from '../../challenges/visibility/dns-message.ts';
import { type DnsReply, ServerSilence, askServer } from '../../challenges/visibility/dns-query.ts';
import { parseServerAddress } from '../../system/socket-address.ts';
import type { CheckView } from '../seen-from-here.ts';

/** What a resolver says to one question. */
export type Looked =
  | { is: 'found'; records: Answer[]; aliases: string[] }
  /** The name is there, and has no such record. */
  | { is: 'none'; aliases: string[] }
  | { is: 'no-name'; aliases: string[] }
  /** The resolver answers that it can't tell: `SERVFAIL`, `REFUSED`. */
  | { is: 'failed'; rcode: string }
  | { is: 'silent' };

/** A recursive resolver, or the system's several; each question is asked once. */
export interface Resolver {
  /** @throws the signal's reason */
  look(name: string, type: RecordType, options?: { checkingDisabled?: boolean }): Promise<Looked>;
  /** Whether it answers at all. */
  isAlive(): Promise<boolean>;
}

/** More answers than a run with a thousand names remembers; then it begins anew. */
const mostRemembered = 50_000;

/** The resolvers that this system uses, as `ADDR:PORT`. */
export function systemResolvers(): string[] {
  return getServers().flatMap((server) => parseServerAddress(server, 53) ?? []);
}

/** The next one of the servers is asked when one doesn't answer. */
export function resolverAt(
  { resolvers: servers, resolverTimeoutMs: timeoutMs }: Pick<CheckView, 'resolvers' | 'resolverTimeoutMs'>,
  signal: AbortSignal,
): Resolver {
  const remembered = new Map<string, Promise<Looked>>();
  const look: Resolver['look'] = (name, type, { checkingDisabled = false } = {}) => {
    const key = `${type} ${name.toLowerCase()} ${String(checkingDisabled)}`;
    const known = remembered.get(key);
    if (known !== undefined) return known;
    if (remembered.size >= mostRemembered) remembered.clear();
    const question = { name, type, recursive: true, checkingDisabled };
    const asked = ask(servers, question, { timeoutMs, signal });
    remembered.set(key, asked);
    return asked;
  };
  return {
    look,
    async isAlive() {
      return (await look('.', 'NS')).is !== 'silent';
    },
  };
}

async function ask(
  servers: readonly string[],
  question: DnsQuestion,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Looked> {
  for (const server of servers) {
    try {
      return lookedOf(await askServer(server, question, signal, { timeoutMs }), question);
    } catch (error) {
      if (!(error instanceof ServerSilence)) throw error;
    }
  }
  return { is: 'silent' };
}

/** What a reply says, its aliases followed as far as it has them. */
export function lookedOf(
  { rcode, answers }: DnsReply,
  { name, type }: { name: string; type: RecordType },
): Looked {
  if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') return { is: 'failed', rcode };
  const aliases: string[] = [];
  for (let target = name; type !== 'CNAME';) {
    const alias = answers.find((record) => record.type === 'CNAME' && isSameName(record.name, target));
    if (alias?.type !== 'CNAME' || aliases.includes(alias.data)) break;
    aliases.push(alias.data);
    target = alias.data;
  }
  const records = answers.filter((record) => record.type === type);
  if (records.length > 0) return { is: 'found', records, aliases };
  return rcode === 'NXDOMAIN' ? { is: 'no-name', aliases } : { is: 'none', aliases };
}

/** The texts of records whose data is text: addresses and names. */
export function textsOf(looked: Looked): string[] {
  if (looked.is !== 'found') return [];
  return looked.records.flatMap((record) =>
    record.type === 'A' || record.type === 'AAAA' || record.type === 'NS' || record.type === 'CNAME'
      ? [record.data]
      : [],
  );
}
