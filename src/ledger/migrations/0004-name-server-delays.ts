import type { Kysely } from 'kysely';
import type { Engine } from '../engine.ts';
import { table } from './columns.ts';

/** How much longer than until all servers of a zone show a record its validation has been seen to need. */
export async function addNameServerDelays(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'name_server_delays')
    .addColumn('servers', 'text', (column) => column.notNull().unique())
    .addColumn('extra_seconds', 'integer', (column) => column.notNull())
    .addColumn('failed_at', 'text')
    .addColumn('proven_at', 'text')
    .execute();
}
