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
 * Reads a duration such as `90s`, `15m`, `1h30m`, `2d` or `1w`; a number alone is seconds.
 * @param option what it was given for, as in `--wait`
 * @returns milliseconds
 * @throws AcmeLedgerError `usage`
 */
export function parseDuration(text: string, option: string): number {
  const ms = millisecondsIn(text);
  if (ms !== null && ms <= longestMs) return ms;
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

function millisecondsIn(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text) * secondMs;
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
