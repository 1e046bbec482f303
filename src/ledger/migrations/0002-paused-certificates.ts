import type { Kysely } from 'kysely';

/** Certificates that are wanted and left alone for a while. */
export async function addCertificatePauses(db: Kysely<unknown>): Promise<void> {
  for (const column of ['paused_at', 'paused_until'])
    await db.schema.alterTable('certificates').addColumn(column, 'text').execute();
}
