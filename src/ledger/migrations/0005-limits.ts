import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { limitNames } from '../../ca-limits.ts';
import type { Engine } from '../engine.ts';
import { oneOf, table } from './columns.ts';

/** How much of the CA's limits is used, and by which orders more is promised. */
export async function createLimits(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'limit_buckets')
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('limit_name', 'text', (column) => column.notNull().check(oneOf('limit_name', limitNames)))
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('max', 'integer', (column) => column.notNull().check(sql`max > 0`))
    .addColumn('period_seconds', 'integer', (column) => column.notNull().check(sql`period_seconds > 0`))
    .addColumn('full_at', 'text', (column) => column.notNull())
    .addColumn('noted_at', 'text', (column) => column.notNull())
    .addUniqueConstraint('limit_buckets_key', ['scope', 'subject', 'limit_name'])
    .execute();
  await db.schema
    .createTable('limit_reservations')
    .addColumn('order_id', 'integer', (column) => column.notNull().references('orders.id'))
    .addColumn('bucket_id', 'integer', (column) => column.notNull().references('limit_buckets.id'))
    .addPrimaryKeyConstraint('limit_reservations_key', ['order_id', 'bucket_id'])
    .execute();
  await db.schema
    .createIndex('limit_reservations_by_bucket')
    .on('limit_reservations')
    .column('bucket_id')
    .execute();
  await db.schema
    .createIndex('orders_issued')
    .on('orders')
    .columns(['names_key', 'finalize_sent_at'])
    .where(sql<boolean>`status = 'valid'`)
    .execute();
}
