import type { Kysely } from 'kysely';

/** What the CA says of when to renew each certificate (RFC 9773). */
export async function addRenewalInfo(db: Kysely<unknown>): Promise<void> {
  for (const column of [
    'ari_id',
    'ari_window_start',
    'ari_window_end',
    'ari_renew_at',
    'ari_explanation_url',
    'ari_ask_at',
    'ari_error',
  ])
    await db.schema.alterTable('certificates').addColumn(column, 'text').execute();
  await db.schema
    .alterTable('certificates')
    .addColumn('ari_failures', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
