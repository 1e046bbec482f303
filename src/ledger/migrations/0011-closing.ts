import type { Kysely } from 'kysely';

/** Which run closes an authorization: two that meet the same one at the same time close it once. */
export async function addClosingRun(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('authorizations')
    .addColumn('closing_run_id', 'text', (column) => column.references('runs.id'))
    .execute();
}
