import type { Kysely } from 'kysely';
import type { Engine } from '../engine.ts';
import { table } from './columns.ts';

/** When a name that is left alone may be probed without the CA, and what such a probe has put up. */
export async function createProbes(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'probes')
    .addColumn('identifier_id', 'integer', (column) => column.notNull().unique().references('identifiers.id'))
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('challenge_type', 'text', (column) => column.notNull())
    .addColumn('identifier_type', 'text', (column) => column.notNull())
    .addColumn('identifier', 'text', (column) => column.notNull())
    .addColumn('token', 'text', (column) => column.notNull())
    .addColumn('key_authorization', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('error', 'text')
    .execute();
  await db.schema.alterTable('identifiers').addColumn('probe_at', 'text').execute();
  await db.schema
    .alterTable('identifiers')
    .addColumn('probe_step', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('identifiers').addColumn('probe_error', 'text').execute();
}
