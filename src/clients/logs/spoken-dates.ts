import { instantInZone } from './zone-letters.ts';

/** Whose months glibc's `date` may print: acme.sh writes what `date` says in the language of whoever runs it. */
const languages = 'en de fr es it pt nl pl ru uk cs sk hu ro bg hr sl sv da nb fi et lv lt el tr ca'.split(
  ' ',
);

const clock = /(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,6}))?/;
/** Chinese, Japanese and Korean words, as escapes: the bundle is read as Latin-1 (bin/acme-ledger). */
const afternoon = /\bp\.?\s?m\b|\u4e0b\u5348|\u5348\u5f8c|\uc624\ud6c4/i;
const morning = /\ba\.?\s?m\b|\u4e0a\u5348|\u5348\u524d|\uc624\uc804/i;
/** 2020年 06月 02日, 2020. 06. 02. */
const numbers = /(\d{4})\s{0,2}[\u5e74\ub144.]\s{0,2}(\d{1,2})\s{0,2}[\u6708\uc6d4.]\s{0,2}(\d{1,2})/;

/**
 * A date with a time as a person would write it, as `date` and Apache do: the year, the day and the month by its name in one of many languages,
 * in any order, and a zone. Without a zone it is one of this machine.
 * @returns milliseconds since the epoch; null where it isn't clear what is meant
 */
export function spokenDate(text: string): number | null {
  const time = clock.exec(text);
  if (time === null) return null;
  const [all, hour = '', minute = '', second = '', fraction = ''] = time;
  const behind = text.slice(time.index + all.length);
  const zone = /(?:^|\s)([+-]\d\d(?::?\d\d)?|[A-Z]{2,5})(?=[\s,.]|$)/.exec(
    behind.replace(/\b[AP]M\b/, ''),
  )?.[1];
  const rest = text.slice(0, time.index) + behind.replace(/(?:^|\s)[+-]\d{2,4}(?::\d\d)?/, ' ');
  const date = dateIn(rest);
  const hours = hourOf(Number(hour), text);
  if (date === null || hours === null) return null;
  const ms = Math.floor(Number(`0.${fraction === '' ? '0' : fraction}`) * 1000);
  const parts = [date.year, date.month - 1, date.day, hours, Number(minute), Number(second), ms] as const;
  if (zone === undefined) return validMs(new Date(...parts).getTime());
  return inZone(Date.UTC(...parts), zone);
}

function hourOf(hour: number, text: string): number | null {
  const isAfternoon = afternoon.test(text);
  if (!isAfternoon && !morning.test(text)) return hour < 24 ? hour : null;
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (isAfternoon ? 12 : 0);
}

/** @param zone letters, or ±hh, ±hhmm, ±hh:mm */
export function inZone(shownMs: number, zone: string): number | null {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  if (sign === undefined) return instantInZone(shownMs, zone);
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return validMs(shownMs - (sign === '-' ? -offsetMs : offsetMs));
}

function validMs(ms: number): number | null {
  return Number.isNaN(ms) ? null : ms;
}

function dateIn(text: string): { year: number; month: number; day: number } | null {
  const [, year, month, day] = numbers.exec(text)?.map(Number) ?? [];
  const date =
    year !== undefined && month !== undefined && day !== undefined ? { year, month, day } : namedDate(text);
  if (date === null || date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31) return null;
  return date;
}

function namedDate(text: string): { year: number; month: number; day: number } | null {
  const tokens = text.match(/\p{L}[\p{L}\p{M}]*|\d+/gu) ?? [];
  const year = tokens.find((token) => /^\d{4}$/.test(token));
  const dayAt = tokens.findIndex((token) => /^\d{1,2}$/.test(token));
  if (year === undefined || dayAt < 0) return null;
  // "mar" is a Tuesday in some languages: the month stands beside the day, behind it where there is a word.
  const month = monthOf(tokens[dayAt + 1]) ?? monthOf(tokens[dayAt - 1]);
  return month === null ? null : { year: Number(year), month, day: Number(tokens[dayAt]) };
}

const fewestLetters = 3;

const englishMonths = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const monthsMet = new Map<string, number | null>();
const mostMet = 1_000;

/** Null for a word that is no month, or more than one in different languages. */
function monthOf(word = ''): number | null {
  const met = monthsMet.get(word);
  if (met !== undefined) return met;
  if (monthsMet.size === mostMet) monthsMet.clear();
  const month = monthNamed(word);
  monthsMet.set(word, month);
  return month;
}

function monthNamed(word: string): number | null {
  if (word.length < fewestLetters) return null;
  // Most logs are English, and the names of all the languages take 40 MB of memory.
  const english = englishMonths.indexOf(word);
  if (english >= 0) return english + 1;
  const plain = plainOf(word);
  const found = monthNames().filter((names) => names.some((name) => name.startsWith(plain)));
  const [only] = found;
  return only === undefined || found.length > 1 ? null : monthNames().indexOf(only) + 1;
}

let names: string[][] | null = null;

function monthNames(): readonly (readonly string[])[] {
  names ??= Array.from({ length: 12 }, (_, month) => [
    ...new Set(languages.flatMap((language) => namesOf(month, language))),
  ]);
  return names;
}

function namesOf(month: number, language: string): string[] {
  const day = new Date(Date.UTC(2020, month, 15));
  const shapes = [{ month: 'long' }, { month: 'short' }] as const;
  return shapes.flatMap((shape) =>
    // In many languages a month has another ending beside a day.
    [shape, { ...shape, day: 'numeric' } as const].flatMap((given) => {
      const format = new Intl.DateTimeFormat(language, { ...given, timeZone: 'UTC' });
      const name = format.formatToParts(day).find(({ type }) => type === 'month')?.value ?? '';
      const plain = plainOf(name.replace(/\.$/, ''));
      return plain.length < fewestLetters ? [] : [plain];
    }),
  );
}

function plainOf(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
