import type { Kysely, Selectable } from 'kysely';
import type { Schema } from './schema.ts';

/** The ledger. Everything in src/ledger takes a transaction of it for a ledger, too. */
export type Ledger = Kysely<Schema>;

/** A ledger whose values aren't decoded: for finding values that can't be. */
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
