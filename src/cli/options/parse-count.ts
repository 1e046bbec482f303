import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';

/** A whole number from 1 on. @throws AcmeLedgerError `usage` */
export function parseCount(text: string, option: string): number {
  const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (count > 0) return count;
  throw new AcmeLedgerError('usage', `${option} "${printable(text)}" isn't a whole number from 1 on`, {
    hint: `for example ${option} 10`,
  });
}
