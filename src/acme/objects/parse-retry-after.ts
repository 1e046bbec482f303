import { boundedWait, longestWaitMs } from '../../bounded-wait.ts';
import { later } from '../../clock.ts';

/**
 * `Retry-After` in both forms of RFC 9110 §10.2.3 (RFC 8555 §6.6 allows both), as a time; null without one or when it can't be
 * read. Never in the past, and never more than a day from `now` (src/bounded-wait.ts).
 */
export function retryAfter(header: string | undefined, now: Date): Date | null {
  const text = header?.trim() ?? '';
  const at = /^\d{1,12}$/.test(text) ? now.getTime() + Number(text) * 1000 : httpDate(text);
  if (Number.isNaN(at)) return null;
  return new Date(Math.min(Math.max(at, now.getTime()), later(now, longestWaitMs).getTime()));
}

/**
 * The time in Boulder's sentences ("… in the last 3h0m0s, retry after 2026-11-22 10:00:00 UTC: see …"), for an answer that lost its header
 * on the way; null without one, or when it is over. Never more than a day from `now`.
 */
export function retryAfterInText(detail: string, now: Date): Date | null {
  const [, date, time] = /\bretry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?: UTC|Z)/i.exec(detail) ?? [];
  const at = Date.parse(`${date ?? ''}T${time ?? ''}Z`);
  if (Number.isNaN(at) || at <= now.getTime()) return null;
  return boundedWait(new Date(at), now);
}

/** Milliseconds since 1970 of the three forms of an HTTP-date (RFC 9110 §5.6.7), else NaN. */
function httpDate(text: string): number {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return NaN;
  return Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`);
}
