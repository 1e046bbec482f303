import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3_600 };

/**
 * `5/s`, `30/m` or `1000/h`; a number alone is for a second. @returns so many a second @throws
 * AcmeLedgerError `usage`
 */
export function parseRate(text: string, option: string): number {
  const [, number = '', unit = 's'] = /^(\d{1,6}(?:\.\d{1,3})?)(?:\/([smh]))?$/.exec(text) ?? [];
  const perSecond = Number(number) / (secondsOf[unit] ?? NaN);
  if (perSecond > 0) return perSecond;
  throw new AcmeLedgerError('usage', `${option} "${printable(text)}" isn't a rate`, {
    hint: `write it as so many a second, a minute or an hour: ${option} 5/s, 30/m or 1000/h`,
  });
}
