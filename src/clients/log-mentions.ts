/** What the text around a URL shows of it. */
export interface Mention {
  client: string | null;
  /** RFC 3339, UTC. */
  loggedAt: string | null;
}

/** How far back from a URL the beginning of its record is looked for: beyond an order of 100 names, printed one to a line. */
export const mentionReach = 16 * 1024;

// A time and a logger's name stand at the beginning of a line, and this much of it is looked at.
const lineHead = 240;

/** What a former look back came to. */
interface Looked {
  /** Where the line of its URL begins: those before it were looked at. */
  ownStart: number;
  /** The first of them, going back, that has a time; null where none has. */
  timed: (Mention & { start: number }) | null;
}

/**
 * Looks at the line that a place is in and, where that one has no time, at those before it: certbot and others put the time above what they
 * print of an answer. Places are best asked for in their order: no line is then looked at for each of many URLs below it.
 */
export function mentionsIn(text: string): (at: number) => Mention {
  let looked: Looked | null = null;
  return (at) => {
    const { mention, ...now } = lookBack(text, at, looked);
    looked = now;
    return mention;
  };
}

function lookBack(text: string, at: number, former: Looked | null): Looked & { mention: Mention } {
  // No more than that is looked through, however long the line.
  const from = Math.max(0, at - mentionReach);
  const before = text.slice(from, at);
  const ownStart = before.lastIndexOf('\n') + 1;
  let client: string | null = null;
  let start = ownStart;
  let end = before.length;
  for (;;) {
    const isOwnLine = start === ownStart;
    const line = before.slice(start, Math.min(end, start + lineHead)) + (isOwnLine ? 'http' : '');
    const loggedAt = timeOf(line);
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
  ['acme.sh', /^\[[A-Z][a-z]{2} [\w :]{16,30}\] /],
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

// 2025-06-05 11:38:29,123:DEBUG · 2019/03/12 20:02:19 [INFO] · time=2025-06-05T11:38:29.123+02:00 · "ts":"2025-06-05T11:38:29Z". What
// stands in quotes after another key is a time that is told, such as the one of expiry.
const dateAndTime =
  /(?:^|[\s[|(]|\b(?:ts|time|timestamp)"?[=:]\s?"?)(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,3})\d*)? ?(Z|UTC|[+-]\d\d:?\d\d)?/;
const epoch = /"(?:ts|time|timestamp)":\s?(\d{10})(?:\.\d+|\d{3})?[,}]/;
// [Tue Jun  2 09:00:59 PDT 2020]: zones that Date doesn't know give no time.
const shellDate = /^\[([A-Z][a-z]{2} [\w :]{16,30})\]/;

function timeOf(line: string): string | null {
  const [, year, month, day, time, fraction = '0', zone] = dateAndTime.exec(line) ?? [];
  if (year !== undefined) {
    return rfc3339(`${year}-${month}-${day}T${time}.${fraction.padEnd(3, '0')}${zoneSuffix(zone)}`);
  }
  const seconds = epoch.exec(line)?.[1];
  if (seconds !== undefined) return rfc3339(Number(seconds) * 1000);
  const date = shellDate.exec(line)?.[1];
  return date === undefined ? null : rfc3339(date);
}

/** Without one it is a time of this machine, where the log was most likely written. */
function zoneSuffix(zone: string | undefined): string {
  return zone === 'UTC' ? 'Z' : (zone ?? '');
}

function rfc3339(time: string | number): string | null {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
