import { isDuration, parseDuration, questionOfUnit } from '../../duration.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';

/** A date, or RFC 3339 with its zone: a time without one means another moment on each machine. */
const written = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/;

/** A moment to come: a date (its beginning in UTC), a time with its zone, or a duration from now. @throws AcmeLedgerError `usage` */
export function parseMoment(text: string, option: string, now: Date): Date {
  const said = `${option} "${printable(text).slice(0, 40)}"`;
  const moment = isDuration(text)
    ? new Date(now.getTime() + parseDuration(text, option))
    : new Date(written.test(text) ? text.toUpperCase().replace(' ', 'T') : Number.NaN);
  if (questionOfUnit(text) !== null) parseDuration(text, option);
  if (Number.isNaN(moment.getTime())) {
    throw new AcmeLedgerError('usage', `${said} is neither a time nor a duration`, {
      hint: `as in ${option} 2027-01-31, ${option} 2027-01-31T08:00Z or ${option} 30d`,
    });
  }
  if (moment > now) return moment;
  throw new AcmeLedgerError('usage', `${said} is over already`, {
    hint: `give a time that is to come, as in ${option} 30d`,
  });
}
