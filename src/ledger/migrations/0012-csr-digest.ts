import type { Kysely } from 'kysely';

/** Which CSR an order was finalized with: a certificate for another one, or files of another one, are of no use to it. */
export async function addCsrDigest(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('orders').addColumn('csr_sha256', 'text').execute();
}
