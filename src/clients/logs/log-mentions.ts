import { timeOf, timeOfRecord } from './log-times.ts';

/** The facts that the text around a URL shows of it. */
export interface Mention {
  client: string | null;
  /** RFC 3339, UTC. */
  loggedAt: string | null;
}

/**
 * The distance back from a URL within which the beginning of its record is looked for: beyond an order of 100
 * names, printed one to a line.
 */
export const mentionReach = 16 * 1024;

// A time and a logger's name stand at the beginning of a line, and this much of it is looked at.
const lineHead = 240;

/** The result of a former look back. */
interface Looked {
  /** The beginning of the URL's line: the lines before it were looked at. */
  ownStart: number;
  /** The first of these lines, going back, that has a time; null where none has. */
  timed: (Mention & { start: number }) | null;
}

/**
 * Looks at the line that a place is in and, where that one has no time, at those before it: certbot and others put the time above what they
 * print of an answer. Places are best asked for in their order: no line is then looked at for each of many URLs below it.
 */
export function mentionsIn(text: string): (at: number) => Mention {
  let looked: Looked | null = null;
  const recordTimeAt = recordTimesIn(text);
  return (at) => {
    const { mention, ...now } = lookBack(text, at, looked, recordTimeAt);
    looked = now;
    return mention;
  };
}

/** The time of the record that a line is, once for each. No more of it is looked at than a window has of what follows. */
function recordTimesIn(text: string): (start: number) => string | null {
  let last: { start: number; time: string | null } | null = null;
  return (start) => {
    if (last?.start !== start) {
      const line = text.slice(start, start + mentionReach);
      const end = line.indexOf('\n');
      last = { start, time: line.startsWith('{') ? timeOfRecord(end < 0 ? line : line.slice(0, end)) : null };
    }
    return last.time;
  };
}

function lookBack(
  text: string,
  at: number,
  former: Looked | null,
  recordTimeAt: (start: number) => string | null,
): Looked & { mention: Mention } {
  // The part of a line that is looked through at the most, however long the line.
  const from = Math.max(0, at - mentionReach);
  const before = text.slice(from, at);
  const ownStart = before.lastIndexOf('\n') + 1;
  let client: string | null = null;
  let start = ownStart;
  let end = before.length;
  for (;;) {
    const isOwnLine = start === ownStart;
    const line = before.slice(start, Math.min(end, start + lineHead)) + (isOwnLine ? 'http' : '');
    const loggedAt = timeOf(line) ?? (isOwnLine ? recordTimeAt(from + start) : null);
    const timed = loggedAt === null ? null : { start: from + start, client: clientOf(line), loggedAt };
    if (isOwnLine) client = timed?.client ?? clientOf(line);
    if (timed !== null || start === 0) return result(timed);
    if (former !== null && from + start <= former.ownStart && at >= former.ownStart) {
      return result(former.timed !== null && former.timed.start >= from ? former.timed : null);
    }
    end = start - 1;
    start = end === 0 ? 0 : before.lastIndexOf('\n', end - 1) + 1;
  }

  function result(timed: Looked['timed']): Looked & { mention: Mention } {
    const mention = { client: client ?? timed?.client ?? null, loggedAt: timed?.loggedAt ?? null };
    return { ownStart: from + ownStart, timed, mention };
  }
}

const signs: readonly [string, RegExp][] = [
  ['certbot', /:(?:DEBUG|INFO|WARNING|ERROR):(?:certbot|acme|urllib3|requests)[.:]/],
  ['mod_md', /^\[[^\]]{12,80}\] \[md:/],
  ['acme.sh', /^\[(?!\d{4}[-/])(?=[^\]]{12,80}\] )[^\]]*\d:\d\d:\d\d[^\]]*\] /],
  [
    'lego',
    /\[(?:INFO|WARN)\] (?:\[[^\]]+\] )?(?:acme: |AuthURL: |Deactivating auth|Unable to)|authz=.{0,6}http/,
  ],
  ['caddy', /"logger":"[\w.]*(?:acme|tls)|"(?:authz|authz_url|order)":"http/],
  ['posh-acme', /^(?:DEBUG|VERBOSE): /],
  ['win-acme', /\[(?:DBUG|VERB|INFO|WARN|EROR)\] (?:\[|Deactivat)/],
  ['uacme', /(?:^|\s)uacme: /],
  ['dehydrated', /^\s+\+ (?:ERROR|Handling|Requesting|Received)|^ERROR: An error occurred while sending/],
  ['cert-manager', /cert-manager|Authorization URL: /],
  ['acme-client', /\bacme-client\b|(?:^|\s)(?:HTTP request:|RESP \d{3}) [a-z]+ http/],
];

function clientOf(line: string): string | null {
  return signs.find(([, sign]) => sign.test(line))?.[0] ?? null;
}
