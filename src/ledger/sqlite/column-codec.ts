import type { Statement } from 'better-sqlite3';
import type { AcmeLedgerError } from '../../errors.ts';
import { instantFrom } from '../columns.ts';
import { flagColumns, instantColumns, jsonColumns, type JsonTop } from '../tables/column-types.ts';
import { unreadableValue } from '../unreadable-value.ts';

/*
 * SQLite has numbers and text. This file makes flags, instants and JSON values of them, by the types of
 * src/ledger/tables, and turns these into numbers and text again.
 */

/**
 * How stored values are read. `lenient`: JSON that can't be read is empty, and a time that can't be read is
 * the beginning of 1970, for `ledger check`, which reports both elsewhere; `raw`: values as they are stored.
 */
export type Decoding = 'strict' | 'lenient' | 'raw';

/** Reads one stored value that isn't null. */
export type Decode = (stored: unknown) => unknown;

/**
 * How the columns of a statement's rows are read, in their order; null for columns that are read as they are
 * stored. A column is known by the table that it comes from, whatever the query calls it; a computed column
 * comes from none.
 */
export function decodersOf(statement: Statement, decoding: Decoding): (Decode | null)[] {
  return statement.columns().map(({ table, column }) => {
    if (table === null || column === null || decoding === 'raw') return null;
    if (namedOf(flagColumns, table).includes(column)) return (stored) => stored === 1;
    if (namedOf(instantColumns, table).includes(column)) {
      return sharedBetweenRows((stored) => instantIn(stored, { table, column, decoding }));
    }
    const top = jsonOf(table)[column];
    return top === undefined
      ? null
      : sharedBetweenRows((stored) => jsonIn(stored, { table, column, top, decoding }));
  });
}

/**
 * Rows that follow one another often hold equal values, as thousands of certificates do in their settings: an
 * equal value is read once, and nobody changes a row's value.
 */
function sharedBetweenRows(decode: Decode): Decode {
  // No stored value is undefined.
  let [last, value]: [stored: unknown, value: unknown] = [undefined, undefined];
  return (stored) => {
    if (last !== stored) [last, value] = [stored, decode(stored)];
    return value;
  };
}

/** A value as SQLite takes it. */
export function encoded(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return JSON.stringify(value);
}

interface Column {
  table: string;
  column: string;
  decoding: Decoding;
}

function instantIn(stored: unknown, { table, column, decoding }: Column): unknown {
  const instant = instantFrom(String(stored));
  if (instant !== null) return instant;
  return decoding === 'lenient'
    ? new Date(0)
    : new Unreadable(unreadableValue(stored, { table, column }, 'time'));
}

function jsonIn(stored: unknown, { table, column, top, decoding }: Column & { top: JsonTop }): unknown {
  const [value, isRead] = parsed(stored);
  if (isRead && (top === 'any' || topOf(value) === top)) return value;
  if (decoding === 'lenient') return top === 'array' ? [] : {};
  // What went wrong once is told to people: a run doesn't rest on it.
  if (column === 'error' || column.endsWith('_error')) return null;
  return new Unreadable(unreadableValue(stored, { table, column }, 'JSON'));
}

/** Stands for a value that can't be read: who asks the row for it gets the error, who needs the rest of the row gets that. */
export class Unreadable {
  readonly error: AcmeLedgerError;

  constructor(error: AcmeLedgerError) {
    this.error = error;
  }
}

function parsed(stored: unknown): [value: unknown, isRead: boolean] {
  try {
    const value: unknown = JSON.parse(String(stored));
    return [value, true];
  } catch {
    return [null, false];
  }
}

function topOf(value: unknown): JsonTop | null {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'object' && value !== null ? 'object' : null;
}

function namedOf(
  byTable: Readonly<Record<string, readonly string[] | undefined>>,
  table: string,
): readonly string[] {
  return byTable[table] ?? [];
}

function jsonOf(table: string): Readonly<Record<string, JsonTop>> {
  const byTable: Readonly<Record<string, Readonly<Record<string, JsonTop>> | undefined>> = jsonColumns;
  return byTable[table] ?? {};
}
