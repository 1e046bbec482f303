import type { Statement } from 'better-sqlite3';
import { type Decoding, Unreadable, decodersOf } from './column-codec.ts';

type Row = Record<string, unknown>;

/** Reads the rows of a statement. */
export interface ShapedRows {
  all(parameters: readonly unknown[]): Row[];
  iterate(parameters: readonly unknown[]): IterableIterator<Row>;
}

/**
 * The rows of a statement as objects of one shape, their values decoded. better-sqlite3 makes a dictionary of
 * each row, which takes three times the memory and several times the time: a renewal holds the rows of all
 * certificates that are due.
 */
export function shapedRows(statement: Statement, decoding: Decoding): ShapedRows {
  const rows = statement.raw(true) as unknown as Statement<unknown[], unknown[]>;
  let names = namesOf(statement);
  let blank = blankOf(names);
  let decoders = decodersOf(statement, decoding);
  const shaped = (values: readonly unknown[]): Row => {
    if (values.length !== names.length) {
      // A migration gave the table another column since.
      names = namesOf(statement);
      blank = blankOf(names);
      decoders = decodersOf(statement, decoding);
    }
    const row: Row = { ...blank };
    for (const [index, name] of names.entries()) {
      const [value, decode] = [values[index], decoders[index]];
      const decoded = decode === null || decode === undefined || value === null ? value : decode(value);
      if (decoded instanceof Unreadable) refuse(row, name, decoded);
      else row[name] = decoded;
    }
    return row;
  };
  return {
    all: (parameters) => rows.all(parameters).map(shaped),
    *iterate(parameters) {
      for (const values of rows.iterate(parameters)) yield shaped(values);
    },
  };
}

/** One damaged value is the trouble of whoever needs it, not of all who read the row. */
function refuse(row: Row, name: string, { error }: Unreadable): void {
  Object.defineProperty(row, name, {
    enumerable: true,
    get() {
      throw error;
    },
  });
}

function namesOf(statement: Statement): string[] {
  return statement.columns().map(({ name }) => name);
}

/** A row of nulls: its copies have its shape. */
function blankOf(names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, null]));
}
