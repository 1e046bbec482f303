import { isRecord } from '../../json-record.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { isAcceptableUrl } from './web-url.ts';

/** Boulder's longest sentences have some hundred characters. */
const longestText = 4_096;

export type Fields = Readonly<Record<string, unknown>>;

/** A JSON object, or null: what a CA sends may be anything. */
export function fieldsOf(value: unknown): Fields | null {
  return isRecord(value) ? value : null;
}

/** @throws AcmeLedgerError `ca-answer` when it isn't a JSON object */
export function requiredFields(value: unknown, what: string): Fields {
  const fields = fieldsOf(value);
  if (fields === null) throw unreadable(what, "isn't a JSON object");
  return fields;
}

/** Text of the CA, safe to show and no longer than anybody reads; null when it isn't text. */
export function textOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return value.length <= longestText ? printable(value) : `${printable(value.slice(0, longestText))}…`;
}

/** A URL that may be asked (https, or http on loopback; RFC 8555 lets a CA use other hosts); relative ones are resolved; else null. */
export function urlOf(value: unknown, base?: string): string | null {
  if (typeof value !== 'string' || value.length > longestText || !URL.canParse(value, base)) return null;
  const url = new URL(value, base).href;
  return isAcceptableUrl(url) ? url : null;
}

/** @throws AcmeLedgerError `ca-answer` */
export function requiredUrl(value: unknown, what: string, field: string, base?: string): string {
  const url = urlOf(value, base);
  if (url === null) throw unreadable(what, `has no usable ${field} URL`);
  return url;
}

/**
 * RFC 3339, as RFC 8555 §7.1 has it; null when it isn't a date. Its zone may carry it out of the years 0 to 9999, where the ledger's text
 * can't be compared any more: that is none, either.
 */
export function dateOf(value: unknown): Date | null {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T/.test(value)) return null;
  const at = new Date(value);
  const year = at.getUTCFullYear();
  return year >= 0 && year <= 9999 ? at : null;
}

/** @param most so many entries are taken: what goes through them takes its time for each */
export function listOf(value: unknown, most = 1_000): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

export function unreadable(what: string, fault: string): AcmeLedgerError {
  return new AcmeLedgerError('ca-answer', `the ${what} that the CA sent ${fault}`, {
    hint: 'this CA departs from RFC 8555; report it with the output of -v',
  });
}
