import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Engine } from '../engine.ts';
import {
  authorizationSources,
  authorizationStatuses,
  challengeProgresses,
  foundOutcomes,
  orderStatuses,
} from '../states.ts';
import { oneOf, table } from './columns.ts';

/**
 * Tables of the first schema: orders, their authorizations, the answers presented for them, URLs found in
 * logs.
 */
export async function createOrderTables(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await createOrders(db, engine);
  await createAuthorizations(db, engine);
  await createPresentations(db, engine);
  await createFoundUrls(db, engine);
}

async function createOrders(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'orders')
    .addColumn('account_id', 'integer', (column) => column.notNull().references('accounts.id'))
    .addColumn('certificate_name', 'text', (column) => column.notNull())
    .addColumn('names', 'text', (column) => column.notNull())
    .addColumn('names_key', 'text', (column) => column.notNull())
    .addColumn('profile', 'text', (column) => column.notNull())
    .addColumn('replaces', 'text')
    .addColumn('rehearsal', 'text')
    .addColumn('status', 'text', (column) => column.notNull().check(oneOf('status', orderStatuses)))
    .addColumn('url', 'text')
    .addColumn('finalize_url', 'text')
    .addColumn('certificate_url', 'text')
    .addColumn('expires_at', 'text')
    .addColumn('reserved', 'integer', (column) => column.notNull().check(sql`reserved >= 0`))
    .addColumn('reserved_until', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.references('runs.id'))
    .addColumn('kept_until', 'text')
    .addColumn('finalize_sent_at', 'text')
    .addColumn('csr_sha256', 'text')
    .addColumn('stuck_at', 'text')
    .addColumn('concluded_at', 'text')
    .addColumn('error', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addCheckConstraint(
      'orders_answered_have_url',
      sql`url is not null or status in ('intent', 'invalid', 'abandoned')`,
    )
    .addCheckConstraint(
      'orders_given_up_are_concluded',
      sql`concluded_at is not null or status not in ('invalid', 'abandoned')`,
    )
    .addCheckConstraint(
      'orders_only_lost_ones_reserve',
      sql`reserved = 0 or status in ('intent', 'abandoned')`,
    )
    .execute();
  // One order for one set of names at a time: parallel newOrders of the same names make several orders at
  // Boulder.
  await db.schema
    .createIndex('orders_one_per_names')
    .on('orders')
    .columns(['account_id', 'names_key', 'profile'])
    .unique()
    .where(sql<boolean>`concluded_at is null and stuck_at is null`)
    .execute();
  await db.schema
    .createIndex('orders_url')
    .on('orders')
    .column('url')
    .unique()
    .where(sql<boolean>`url is not null`)
    .execute();
  await db.schema
    .createIndex('orders_issued')
    .on('orders')
    .columns(['names_key', 'finalize_sent_at'])
    .where(sql<boolean>`status = 'valid'`)
    .execute();
  await db.schema.createIndex('orders_by_status').on('orders').columns(['account_id', 'status']).execute();
}

async function createAuthorizations(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'authorizations')
    .addColumn('account_id', 'integer', (column) => column.notNull().references('accounts.id'))
    .addColumn('url', 'text', (column) => column.notNull().unique())
    .addColumn('identifier_type', 'text', (column) => column.check(oneOf('identifier_type', ['dns', 'ip'])))
    .addColumn('identifier', 'text')
    .addColumn('wildcard', 'integer', (column) => column.notNull().check(sql`wildcard in (0, 1)`))
    .addColumn('status', 'text', (column) => column.notNull().check(oneOf('status', authorizationStatuses)))
    .addColumn('challenge', 'text', (column) =>
      column.notNull().check(oneOf('challenge', challengeProgresses)),
    )
    .addColumn('challenge_type', 'text')
    .addColumn('challenge_url', 'text')
    .addColumn('submitted_at', 'text')
    .addColumn('refused_at', 'text')
    .addColumn('source', 'text', (column) => column.notNull().check(oneOf('source', authorizationSources)))
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('checked_at', 'text')
    .addColumn('expires_at', 'text')
    .addColumn('error', 'text')
    .addColumn('client', 'text')
    .addColumn('log_file', 'text')
    .addColumn('logged_at', 'text')
    .addColumn('closing_run_id', 'text', (column) => column.references('runs.id'))
    .addCheckConstraint(
      'authorizations_submitted_have_time',
      sql`challenge not in ('submitting', 'submitted') or submitted_at is not null`,
    )
    .execute();
  await db.schema
    .createIndex('authorizations_by_status')
    .on('authorizations')
    .columns(['account_id', 'status', 'created_at'])
    .execute();
  await db.schema
    .createIndex('authorizations_by_identifier')
    .on('authorizations')
    .column('identifier')
    .execute();
  await db.schema
    .createTable('order_authorizations')
    .addColumn('order_id', 'integer', (column) => column.notNull().references('orders.id'))
    .addColumn('authorization_id', 'integer', (column) => column.notNull().references('authorizations.id'))
    .addPrimaryKeyConstraint('order_authorizations_key', ['order_id', 'authorization_id'])
    .execute();
  await db.schema
    .createIndex('order_authorizations_by_authorization')
    .on('order_authorizations')
    .column('authorization_id')
    .execute();
}

async function createPresentations(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'presentations')
    .addColumn('authorization_id', 'integer', (column) => column.notNull().references('authorizations.id'))
    .addColumn('order_id', 'integer', (column) => column.notNull().references('orders.id'))
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('challenge_type', 'text', (column) => column.notNull())
    .addColumn('identifier_type', 'text', (column) => column.notNull())
    .addColumn('identifier', 'text', (column) => column.notNull())
    .addColumn('token', 'text', (column) => column.notNull())
    .addColumn('key_authorization', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('cleaned_at', 'text')
    .addColumn('error', 'text')
    .execute();
  await db.schema
    .createIndex('presentations_up')
    .on('presentations')
    .column('order_id')
    .where(sql<boolean>`cleaned_at is null`)
    .execute();
}

async function createFoundUrls(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'found_urls')
    .addColumn('account_id', 'integer', (column) => column.notNull().references('accounts.id'))
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull().check(oneOf('outcome', foundOutcomes)))
    .addColumn('authorizations', 'text', (column) => column.notNull())
    .addColumn('asked_at', 'text', (column) => column.notNull())
    .addUniqueConstraint('found_urls_key', ['url', 'account_id'])
    .execute();
}
