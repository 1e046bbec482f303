import type { Kysely } from 'kysely';
import type { Engine } from '../engine.ts';
import { oneOf, table } from './columns.ts';
import { foundOutcomes } from '../states.ts';

/** Whose log an authorization was found in, and what the other URLs there led to. */
export async function addFound(db: Kysely<unknown>, engine: Engine): Promise<void> {
  for (const name of ['client', 'log_file', 'logged_at']) {
    await db.schema.alterTable('authorizations').addColumn(name, 'text').execute();
  }
  await table(db, engine, 'found_urls')
    .addColumn('account_id', 'integer', (column) => column.notNull().references('accounts.id'))
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull().check(oneOf('outcome', foundOutcomes)))
    .addColumn('authorizations', 'text', (column) => column.notNull())
    .addColumn('asked_at', 'text', (column) => column.notNull())
    .addUniqueConstraint('found_urls_key', ['url', 'account_id'])
    .execute();
}
