import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Engine } from '../engine.ts';
import { accountPurposes, certificateOrigins } from '../states.ts';
import { createNameAndLimitTables } from './0001-names-and-limits.ts';
import { createOrderTables } from './0001-orders.ts';
import { oneOf, table } from './columns.ts';

/** The tables of the first version. */
export async function createFirstTables(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await createAccounts(db, engine);
  await createOrderTables(db, engine);
  await createCertificates(db, engine);
  await createNameAndLimitTables(db, engine);
  await createEvents(db, engine);
}

async function createAccounts(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'accounts')
    .addColumn('ca', 'text', (column) => column.notNull())
    .addColumn('url', 'text')
    .addColumn('key_file', 'text', (column) => column.notNull())
    .addColumn('key_thumbprint', 'text', (column) => column.notNull())
    .addColumn('email', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('gate_checked_at', 'text')
    .addColumn('purpose', 'text', (column) =>
      column.notNull().defaultTo('orders').check(oneOf('purpose', accountPurposes)),
    )
    .addUniqueConstraint('accounts_key', ['ca', 'key_thumbprint'])
    .execute();
  await db.schema
    .createTable('runs')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('process_space', 'text', (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('process_start', 'text', (column) => column.notNull())
    .addColumn('command', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('lease_until', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .execute();
}

async function createCertificates(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'certificates')
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('account_id', 'integer', (column) => column.references('accounts.id'))
    .addColumn('ca', 'text', (column) => column.notNull())
    .addColumn('names', 'text', (column) => column.notNull())
    .addColumn('key_type', 'text', (column) => column.notNull())
    .addColumn('reuse_key', 'integer', (column) => column.notNull().check(sql`reuse_key in (0, 1)`))
    .addColumn('profile', 'text', (column) => column.notNull())
    .addColumn('preferred_chain', 'text')
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('csr', 'text')
    .addColumn('deploy_hook', 'text')
    .addColumn('serial', 'text')
    .addColumn('not_before', 'text')
    .addColumn('not_after', 'text')
    .addColumn('order_id', 'integer', (column) => column.references('orders.id'))
    .addColumn('stored_at', 'text')
    .addColumn('issued_names', 'text')
    .addColumn('deployed_at', 'text')
    .addColumn('revoked_at', 'text')
    .addColumn('removed_at', 'text')
    .addColumn('last_attempt_at', 'text')
    .addColumn('last_error', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) =>
      column.notNull().defaultTo('command').check(oneOf('origin', certificateOrigins)),
    )
    .addColumn('ari_id', 'text')
    .addColumn('ari_window_start', 'text')
    .addColumn('ari_window_end', 'text')
    .addColumn('ari_renew_at', 'text')
    .addColumn('ari_explanation_url', 'text')
    .addColumn('ari_ask_at', 'text')
    .addColumn('ari_error', 'text')
    .addColumn('ari_failures', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}

async function createEvents(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'events')
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text')
    .addColumn('account_id', 'integer')
    .addColumn('order_id', 'integer')
    .addColumn('authorization_id', 'integer')
    .addColumn('certificate_name', 'text')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('data', 'text')
    .execute();
  await db.schema.createIndex('events_by_order').on('events').column('order_id').execute();
  await db.schema.createIndex('events_by_authorization').on('events').column('authorization_id').execute();
}
