import { inZone, spokenDate } from './spoken-dates.ts';
import { instantInZone } from './zone-letters.ts';

/* When a line of a log was written. */

const escape = '\u001b';
// A colour's escape sequence, as it is or as JSON and others write the escape character.
const colours = new RegExp(String.raw`(?:${escape}|\\u001[bB]|\\x1[bB]|\\033|\\e)\[[\d;]{0,20}m`, 'g');

const keys = '@?timestamp|ts|time|__REALTIME_TIMESTAMP';
// 2025-06-05 11:38:29,123:DEBUG · 2019/03/12 20:02:19 [INFO] · time=2025-06-05T11:38:29.123+02:00 · "ts":"2025-06-05T11:38:29Z". What
// stands in quotes after another key is a time that is told, such as the one of expiry.
const dateAndTime = new RegExp(
  String.raw`(?:^|[\s[|(]|(?:^|[^\w@])(?:${keys})"?[=:]\s?"?)` +
    String.raw`(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,3})\d*)? ?(Z|[A-Z]{2,5}\b|[+-]\d\d:?\d\d)?`,
);
// Caddy's seconds with a fraction, milliseconds, and journald's microseconds, which are text.
const epoch = new RegExp(
  String.raw`(?:"(?:${keys})"\s?:\s?"?|\bts=)(\d[\d.]{9,24}(?:[eE]\+?\d{1,2})?)["\s,}]`,
);
// [Tue Jun  2 09:00:59 PDT 2020] · [Thu Jun 05 11:38:29.123456 2025] · [Di 2. Jun 09:00:59 CEST 2020]
const spoken = /^\[([^\]]{12,80})\]/;

/**
 * The time in the beginning of a line; a time without a zone is one of this machine
 * (docs/decisions.md#times-in-logs).
 * @param line a byte a character
 * @returns RFC 3339, UTC; null where there is none that is clear
 */
export function timeOf(line: string): string | null {
  const plain = line.includes('[') ? line.replace(colours, '') : line;
  const found = dateAndTime.exec(plain);
  if (found !== null) return isoTime(found);
  const number = epoch.exec(plain)?.[1];
  if (number !== undefined) return rfc3339(msOf(Number(number)));
  const date = spoken.exec(plain)?.[1];
  if (date === undefined) return null;
  return rfc3339(spokenDate(Buffer.from(date, 'latin1').toString('utf8')));
}

const inRecord = new RegExp(String.raw`"(?:${keys})"\s?:\s?"?[^",}]{10,40}["\s,}]`, 'g');

/** The time of a record in JSON, wherever it stands in it: docker has it behind the text, journald anywhere. */
export function timeOfRecord(record: string): string | null {
  for (const [member] of record.matchAll(inRecord)) {
    const time = timeOf(member);
    if (time !== null) return time;
  }
  return null;
}

function isoTime([, year = '', month = '', day = '', time = '', fraction = '0', zone]: RegExpExecArray):
  string | null {
  const text = `${year}-${month}-${day}T${time}.${fraction.padEnd(3, '0')}`;
  if (zone !== undefined && /^[+-]/.test(zone)) return rfc3339(inZone(Date.parse(`${text}Z`), zone));
  const inLetters = zone === undefined ? null : instantInZone(Date.parse(`${text}Z`), zone);
  // Letters that are no zone's say nothing: behind the time there may be any word.
  return rfc3339(inLetters ?? Date.parse(text));
}

/** Seconds, milliseconds, microseconds or nanoseconds: each is a thousand times the other. */
function msOf(number: number): number {
  let ms = number * 1000;
  while (ms > 1e14) ms /= 1000;
  return ms;
}

function rfc3339(ms: number | null): string | null {
  const date = new Date(ms ?? NaN);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
