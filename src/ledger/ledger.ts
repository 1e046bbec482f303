import type { Kysely, Selectable } from 'kysely';
import type { Schema } from './schema.ts';

/** The ledger. A transaction of it is one too, for everything in src/ledger. */
export type Ledger = Kysely<Schema>;

/** A ledger whose values aren't decoded: to look for what can't be. */
export type StoredLedger = Kysely<{ [T in keyof Schema]: StoredRow<T> }>;

/** A row as it is stored. */
export type StoredRow<T extends keyof Schema> = {
  [C in keyof Selectable<Schema[T]>]: StoredValue<Selectable<Schema[T]>[C]>;
};

type StoredValue<Value> = Value extends boolean
  ? 0 | 1
  : Value extends string | number | null
    ? Value
    : string;
