import type { Kysely } from 'kysely';
import { oneOf } from './columns.ts';
import { nameStandings } from '../states.ts';

/** How long a name has been failing, when it may be tried again, and what of it the person's hook was told. */
export async function addFailingNames(db: Kysely<unknown>): Promise<void> {
  const columns = ['failing_since', 'next_attempt_at', 'suspended_at'] as const;
  await db.schema
    .alterTable('identifiers')
    .addColumn('back_off_step', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  for (const name of columns) await db.schema.alterTable('identifiers').addColumn(name, 'text').execute();
  await db.schema
    .alterTable('identifiers')
    .addColumn('told', 'text', (column) =>
      column.notNull().defaultTo('well').check(oneOf('told', nameStandings)),
    )
    .execute();
  await db.schema.alterTable('certificates').addColumn('issued_names', 'text').execute();
}
