import type { Statement } from 'better-sqlite3';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { flagColumns, jsonColumns, type JsonTop } from '../tables/column-types.ts';

/*
 * SQLite has numbers and text. This file makes flags and JSON values of them, by the types of
 * src/ledger/tables, and turns these into numbers and text again.
 */

/**
 * How stored values are read. `lenient`: JSON that can't be read is empty, for `ledger check`, which reports
 * it elsewhere; `raw`: values as they are stored.
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
    if (flagsOf(table).includes(column)) return (stored) => stored === 1;
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
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return JSON.stringify(value);
}

interface JsonColumn {
  table: string;
  column: string;
  top: JsonTop;
  decoding: Decoding;
}

function jsonIn(stored: unknown, { table, column, top, decoding }: JsonColumn): unknown {
  const [value, isRead] = parsed(stored);
  if (isRead && (top === 'any' || topOf(value) === top)) return value;
  if (decoding === 'lenient') return top === 'array' ? [] : {};
  // What went wrong once is told to people: a run doesn't rest on it.
  if (column === 'error' || column.endsWith('_error')) return null;
  return new Unreadable(unreadable(stored, table, column));
}

/** Stands for a value that can't be read: who asks the row for it gets the error, who needs the rest of the row gets that. */
export class Unreadable {
  readonly error: AcmeLedgerError;

  constructor(error: AcmeLedgerError) {
    this.error = error;
  }
}

function unreadable(stored: unknown, table: string, column: string): AcmeLedgerError {
  return new AcmeLedgerError(
    'ledger',
    `${column} of ${table} in the ledger isn't the JSON that it should be ("${printable(String(stored)).slice(0, 60)}"): another program wrote it, or the file is damaged`,
    { hint: 'acme-ledger ledger check names the row, and mends it or says what to do' },
  );
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

function flagsOf(table: string): readonly string[] {
  const byTable: Readonly<Record<string, readonly string[] | undefined>> = flagColumns;
  return byTable[table] ?? [];
}

function jsonOf(table: string): Readonly<Record<string, JsonTop>> {
  const byTable: Readonly<Record<string, Readonly<Record<string, JsonTop>> | undefined>> = jsonColumns;
  return byTable[table] ?? {};
}
