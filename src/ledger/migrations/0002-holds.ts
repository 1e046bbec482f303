import type { Kysely } from 'kysely';
import type { Engine } from '../engine.ts';
import { oneOf, table } from './columns.ts';
import { holdScopes } from '../states.ts';

/** What the CA asked not to be asked before some time. */
export async function createHolds(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'holds')
    .addColumn('account_id', 'integer', (column) => column.notNull().references('accounts.id'))
    .addColumn('scope', 'text', (column) => column.notNull().check(oneOf('scope', holdScopes)))
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('limit_name', 'text', (column) => column.notNull())
    .addColumn('not_before', 'text', (column) => column.notNull())
    .addColumn('noted_at', 'text', (column) => column.notNull())
    .addColumn('error', 'text', (column) => column.notNull())
    .addUniqueConstraint('holds_key', ['account_id', 'scope', 'subject'])
    .execute();
}
