import type { Answer } from 'dns-packet';
import { messageOf } from '../../errors.ts';
import { isSameName } from './dns-message.ts';
import { askServer, ServerSilence, type DnsReply, type SilenceReason } from './dns-query.ts';

/** What one address of a name server says of the TXT records at a name. */
export type RecordView =
  | { kind: 'values'; values: string[]; ttlSeconds: number }
  /** Neither the records nor an alias; how long a resolver may remember that (RFC 2308 §5). */
  | { kind: 'absent'; negativeTtlSeconds: number }
  | { kind: 'alias'; target: string }
  /** The name lies in a zone of its own, which these servers have. */
  | { kind: 'delegated'; servers: string[] }
  /** The server doesn't answer for the zone: another one is asked instead, by whoever asks. */
  | { kind: 'silent'; reason: SilenceReason | 'lame'; message: string };

/**
 * Asks one address for the TXT records at a name.
 * @param recursive the address is a resolver's, which asks others
 * @throws the signal's reason
 */
export async function recordView(
  address: string,
  name: string,
  recursive: boolean,
  signal: AbortSignal,
): Promise<RecordView> {
  try {
    return viewOf(await askServer(address, { name, type: 'TXT', recursive }, signal), name, recursive);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ServerSilence)
      return { kind: 'silent', reason: error.reason, message: error.message };
    return { kind: 'silent', reason: 'garbled', message: messageOf(error) };
  }
}

function viewOf(reply: DnsReply, name: string, recursive: boolean): RecordView {
  const { rcode, isAuthoritative, answers, authorities } = reply;
  if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN')
    return { kind: 'silent', reason: 'lame', message: `it answers ${rcode}` };
  const end = aliasEnd(name, answers);
  const texts = answers.flatMap((record) =>
    record.type === 'TXT' && isSameName(record.name, end) ? [record] : [],
  );
  // What isn't of its own zones a server knows from a cache, if it answers at all.
  if (texts.length > 0 && (isAuthoritative || recursive)) {
    return {
      kind: 'values',
      // RFC 8555 §8.4 takes a record's strings together.
      values: texts.map(({ data }) => [data].flat().map(String).join('')),
      ttlSeconds: Math.max(...texts.map(({ ttl = 0 }) => ttl)),
    };
  }
  if (!isSameName(end, name)) return { kind: 'alias', target: end };
  const soa = authorities.find((record) => record.type === 'SOA');
  const servers = authorities.flatMap((record) => (record.type === 'NS' ? [record.data] : []));
  if (!isAuthoritative && soa === undefined && servers.length > 0) return { kind: 'delegated', servers };
  if (!isAuthoritative && !recursive)
    return { kind: 'silent', reason: 'lame', message: "it isn't a server of the zone (lame)" };
  return {
    kind: 'absent',
    negativeTtlSeconds: soa?.type === 'SOA' ? Math.min(soa.ttl ?? 0, soa.data.minimum ?? 0) : 0,
  };
}

/** Where the aliases of one answer lead to (RFC 1034 §3.6.2). */
function aliasEnd(name: string, answers: readonly Answer[]): string {
  const seen = new Set<string>();
  for (let end = name; ;) {
    const next = answers.find((record) => record.type === 'CNAME' && isSameName(record.name, end));
    if (next?.type !== 'CNAME' || seen.has(next.data)) return end;
    seen.add(next.data);
    end = next.data;
  }
}
