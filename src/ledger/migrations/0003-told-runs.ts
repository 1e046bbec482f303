import type { Kysely } from 'kysely';

/** What each run was asked, and what came of it. */
export async function addRunReports(db: Kysely<unknown>): Promise<void> {
  for (const column of ['invocation', 'arguments', 'counts', 'reasons'])
    await db.schema.alterTable('runs').addColumn(column, 'text').execute();
  await db.schema.alterTable('runs').addColumn('exit_code', 'integer').execute();
}
