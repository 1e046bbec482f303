import { AcmeLedgerError } from './errors.ts';
import { printable } from './printable.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;
// Longer than any certificate lives and short enough for a Date.
const longestMs = 3650 * dayMs;

const pattern = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/**
 * Reads a duration such as `90s`, `15m`, `1h30m`, `2d` or `1w`. A number alone is refused, because it may be meant as
 * seconds, minutes or days; only 0 needs no unit.
 * @param option what it was given for, as in `--wait`
 * @returns milliseconds
 * @throws AcmeLedgerError `usage`
 */
export function parseDuration(text: string, option: string): number {
  const ms = millisecondsIn(text);
  if (ms !== null && ms <= longestMs) return ms;
  const question = questionOfUnit(text);
  if (question !== null)
    throw new AcmeLedgerError('usage', `${option}: "${printable(text).slice(0, 40)}" has no unit`, {
      hint: question,
    });
  const fault = ms === null ? "isn't a duration" : 'is longer than ten years';
  throw new AcmeLedgerError('usage', `${option}: "${printable(text).slice(0, 40)}" ${fault}`, {
    hint: `write it with w, d, h, m and s in this order, for example ${option} 1h30m`,
  });
}

/** Whether `parseDuration` takes it. */
export function isDuration(text: string): boolean {
  const ms = millisecondsIn(text);
  return ms !== null && ms <= longestMs;
}

/** What to ask a person who wrote a number alone; null for any other text. */
export function questionOfUnit(text: string): string | null {
  const [, number] = /^0*([1-9]\d{0,9})$/.exec(text) ?? [];
  return number === undefined
    ? null
    : `${number} of what: ${['s', 'm', 'h'].map((unit) => number + unit).join(', ')}`;
}

function millisecondsIn(text: string): number | null {
  if (/^0+$/.test(text)) return 0;
  const match = pattern.exec(text);
  if (match === null || text === '') return null;
  const [weeks, days, hours, minutes, seconds] = match
    .slice(1)
    .map((digits: string | undefined) => Number(digits ?? 0));
  return (
    (weeks ?? 0) * weekMs +
    (days ?? 0) * dayMs +
    (hours ?? 0) * hourMs +
    (minutes ?? 0) * minuteMs +
    (seconds ?? 0) * secondMs
  );
}
