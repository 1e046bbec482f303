import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { limitNames } from '../../ca-limits.ts';
import type { Engine } from '../engine.ts';
import { holdScopes, nameStandings } from '../states.ts';
import { oneOf, table } from './columns.ts';

/** Tables of the first schema: names that fail, probes of them, and the CA's waits and limits. */
export async function createNameAndLimitTables(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await createIdentifiers(db, engine);
  await createProbes(db, engine);
  await createHolds(db, engine);
  await createLimits(db, engine);
}

async function createIdentifiers(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'identifiers')
    .addColumn('account_id', 'integer', (column) => column.notNull().references('accounts.id'))
    .addColumn('type', 'text', (column) => column.notNull().check(oneOf('type', ['dns', 'ip'])))
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('consecutive_failures', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('back_off_step', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('failing_since', 'text')
    .addColumn('next_attempt_at', 'text')
    .addColumn('suspended_at', 'text')
    .addColumn('told', 'text', (column) =>
      column.notNull().defaultTo('well').check(oneOf('told', nameStandings)),
    )
    .addColumn('last_failure_at', 'text')
    .addColumn('last_success_at', 'text')
    .addColumn('last_error', 'text')
    .addColumn('probe_at', 'text')
    .addColumn('probe_step', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('probe_error', 'text')
    .addUniqueConstraint('identifiers_key', ['account_id', 'type', 'value'])
    .execute();
}

async function createProbes(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'probes')
    .addColumn('identifier_id', 'integer', (column) => column.notNull().unique().references('identifiers.id'))
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('challenge_type', 'text', (column) => column.notNull())
    .addColumn('identifier_type', 'text', (column) => column.notNull())
    .addColumn('identifier', 'text', (column) => column.notNull())
    .addColumn('token', 'text', (column) => column.notNull())
    .addColumn('key_authorization', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('error', 'text')
    .execute();
}

async function createHolds(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await table(db, engine, 'holds')
    .addColumn('account_id', 'integer', (column) => column.notNull().references('accounts.id'))
    .addColumn('scope', 'text', (column) => column.notNull().check(oneOf('scope', holdScopes)))
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('limit_name', 'text', (column) => column.notNull())
    .addColumn('not_before', 'text', (column) => column.notNull())
    .addColumn('noted_at', 'text', (column) => column.notNull())
    .addColumn('error', 'text', (column) => column.notNull())
    .addUniqueConstraint('holds_key', ['account_id', 'scope', 'subject'])
    .execute();
}

async function createLimits(db: Kysely<unknown>, engine: Engine): Promise<void> {
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
}
