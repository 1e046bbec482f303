import type { ColumnType } from 'kysely';

/*
 * The types of docs/ledger.md, as the program has them; an engine reads and writes them
 * (src/ledger/sqlite/column-codec.ts).
 */

/**
 * RFC 3339 UTC with milliseconds, as `Date.toISOString` writes it: sorts as text on every engine, readable by
 * a person.
 */
export type Instant = string;

/** A list of names, in a column of JSON. */
export type Names = readonly string[];

/** An object, in a column of JSON; the code that uses the object checks it. */
export type JsonObject = object;

/** Any JSON. It is written as an object or a list, so that no text is taken for JSON. */
export type AnyJson = ColumnType<unknown, object | null, never>;

/** Yes or no. */
export type Flag = boolean;
