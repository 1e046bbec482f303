import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Engine } from '../engine.ts';
import { oneOf, table } from './columns.ts';
import {
  authorizationSources,
  authorizationStatuses,
  challengeProgresses,
  orderStatuses,
} from '../states.ts';

/** The tables of the first version. Never changes: a ledger somewhere has them. */
export async function createFirstTables(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await createAccounts(db, engine);
  await createOrders(db, engine);
  await createAuthorizations(db, engine);
  await createCertificates(db, engine);
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

async function createOrders(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'orders')
    .addColumn('account_id', 'integer', (column) => column.notNull().references('accounts.id'))
    .addColumn('certificate_name', 'text', (column) => column.notNull())
    .addColumn('names', 'text', (column) => column.notNull())
    .addColumn('names_key', 'text', (column) => column.notNull())
    .addColumn('profile', 'text', (column) => column.notNull())
    .addColumn('replaces', 'text')
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
  // One order for one set of names at a time: parallel newOrders of the same names make several orders at Boulder.
  await db.schema
    .createIndex('orders_one_per_names')
    .on('orders')
    .columns(['account_id', 'names_key', 'profile'])
    .unique()
    .where(sql<boolean>`concluded_at is null`)
    .execute();
  await db.schema
    .createIndex('orders_url')
    .on('orders')
    .column('url')
    .unique()
    .where(sql<boolean>`url is not null`)
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
  await createPresentations(db, engine);
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
    .addColumn('deployed_at', 'text')
    .addColumn('revoked_at', 'text')
    .addColumn('removed_at', 'text')
    .addColumn('last_attempt_at', 'text')
    .addColumn('last_error', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute();
  await table(db, engine, 'identifiers')
    .addColumn('account_id', 'integer', (column) => column.notNull().references('accounts.id'))
    .addColumn('type', 'text', (column) => column.notNull().check(oneOf('type', ['dns', 'ip'])))
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('consecutive_failures', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('last_failure_at', 'text')
    .addColumn('last_success_at', 'text')
    .addColumn('last_error', 'text')
    .addUniqueConstraint('identifiers_key', ['account_id', 'type', 'value'])
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
