import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** The ledger. A transaction of it is one too, for everything in src/ledger. */
export type Ledger = Kysely<Schema>;
