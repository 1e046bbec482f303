import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Orders that the CA doesn't get on with: another one may be made for the same names while they are watched. */
export async function addStuckOrders(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('orders').addColumn('stuck_at', 'text').execute();
  await db.schema.dropIndex('orders_one_per_names').execute();
  await db.schema
    .createIndex('orders_one_per_names')
    .on('orders')
    .columns(['account_id', 'names_key', 'profile'])
    .unique()
    .where(sql<boolean>`concluded_at is null and stuck_at is null`)
    .execute();
}
