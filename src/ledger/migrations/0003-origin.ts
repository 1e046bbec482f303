import type { Kysely } from 'kysely';
import { oneOf } from './columns.ts';
import { certificateOrigins } from '../states.ts';

/** Who said that a certificate should exist. Until now only a command could. */
export async function addOrigin(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('certificates')
    .addColumn('origin', 'text', (column) =>
      column.notNull().defaultTo('command').check(oneOf('origin', certificateOrigins)),
    )
    .execute();
}
