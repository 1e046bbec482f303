import type { ColumnType } from 'kysely';

/*
 * The types of docs/ledger.md, as the program has them; an engine reads and writes them
 * (src/ledger/sqlite/column-codec.ts).
 */

/**
 * A moment. It is stored as RFC 3339 in UTC with milliseconds, as `Date.toISOString` writes it: sorts as text
 * on every engine, readable by a person. Nobody changes an instant of a row.
 */
export type Instant = Date;

const storedInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The instant that is stored as this text: what a query computes of instants, as `min(created_at)`, comes as
 * text. Null for null, and for text that no instant is stored as.
 */
export function instantFrom(text: string | null): Instant | null {
  const instant = new Date(text !== null && storedInstant.test(text) ? text : NaN);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/** A list of names, in a column of JSON. */
export type Names = readonly string[];

/** An object, in a column of JSON; the code that uses the object checks it. */
export type JsonObject = object;

/** Any JSON. It is written as an object or a list, so that no text is taken for JSON. */
export type AnyJson = ColumnType<unknown, object | null, never>;

/** Yes or no. */
export type Flag = boolean;

/** Why things weren't done that a run had to do, by kind. */
export interface RunReason {
  code: string;
  /** The first such error's. */
  message: string;
  /** How many things it is the reason of. */
  count: number;
}

/** Reasons, in a column of JSON. */
export type RunReasons = readonly RunReason[];

/** Numbers by what they count, in a column of JSON. */
export type Counts = Readonly<Record<string, number>>;
