import { Kysely, Migrator, sql } from 'kysely';
import { AcmeLedgerError } from '../../errors.ts';
import type { Engine } from '../engine.ts';
import type { Ledger } from '../ledger.ts';
import type { Schema } from '../schema.ts';
import { developmentLedger, isDevelopmentSchema } from './development-ledger.ts';
import { type Migrations, migrationsFor } from './migrations.ts';

/**
 * Opens the ledger of an engine and brings it to this version's schema.
 * @param place where the ledger is, as messages name it
 * @param migrations the steps that make the schema
 * @throws AcmeLedgerError `ledger`, `ledger-newer`
 */
export async function openMigrated(
  engine: Engine,
  place: string,
  migrations = migrationsFor(engine),
): Promise<Ledger> {
  const ledger = new Kysely<Schema>({ dialect: engine.dialect });
  try {
    await migrate(ledger, engine, { place, migrations });
    return ledger;
  } catch (error) {
    await ledger.destroy().catch(() => undefined);
    throw engine.openingError(error, place);
  }
}

interface Wanted {
  place: string;
  migrations: Migrations;
}

/**
 * Brings the ledger to this version's schema, in one transaction. @throws AcmeLedgerError `ledger-newer`,
 * `ledger`
 */
async function migrate(ledger: Ledger, engine: Engine, { place, migrations }: Wanted): Promise<void> {
  if ((await schemaAge(ledger, engine, { place, migrations })) === 'current') return;
  const migrator = new Migrator({
    db: ledger,
    provider: { getMigrations: () => Promise.resolve(migrations) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error as Error;
}

/**
 * How old the ledger's schema is beside this version's; `none`: the database has never been a ledger.
 * @throws AcmeLedgerError `ledger-newer`; `ledger` for a ledger of a development version
 */
export async function schemaAge(
  ledger: Ledger,
  engine: Engine,
  { place, migrations }: Wanted,
): Promise<'none' | 'older' | 'current'> {
  const newest = Object.keys(migrations).sort().at(-1) ?? '';
  const applied = await newestApplied(ledger, engine);
  if (applied === null) return 'none';
  if (applied.isDevelopment) throw developmentLedger(place, applied.name);
  if (applied.name > newest) throw newerLedger(place, applied.name, newest);
  return applied.name === newest ? 'current' : 'older';
}

function newerLedger(place: string, applied: string, newest: string): AcmeLedgerError {
  return new AcmeLedgerError(
    'ledger-newer',
    `the ledger ${place} was written by a newer acme-ledger (its schema is ${applied}, this version knows ${newest})`,
    { hint: 'use the newer version; the ledger was left as it was' },
  );
}

interface Applied {
  name: string;
  isDevelopment: boolean;
}

/**
 * The newest migration that the ledger has. The common case, a ledger that is up to date, takes one query
 * instead of the migrator's ten.
 */
async function newestApplied(ledger: Ledger, engine: Engine): Promise<Applied | null> {
  const name = await unlessMissing(engine, async () => {
    // The first development version's schema had today's name, but no table `holds`.
    const query = sql<Newest>`select max(name) as name from kysely_migration
      where (select count(*) from holds where 1 = 0) = 0`;
    return nameIn(await query.execute(ledger));
  });
  if (name !== undefined) return name === null ? null : { name, isDevelopment: isDevelopmentSchema(name) };
  const alone = await unlessMissing(engine, async () =>
    nameIn(await sql<Newest>`select max(name) as name from kysely_migration`.execute(ledger)),
  );
  if (alone === undefined || alone === null) return null;
  // A ledger that has lost one table, or was made since the first look, has the other.
  const limits = await unlessMissing(engine, () =>
    sql`select count(*) from limit_buckets where 1 = 0`.execute(ledger),
  );
  return { name: alone, isDevelopment: alone === '0001-first' && limits === undefined };
}

interface Newest {
  name: string | null;
}

function nameIn({ rows }: { rows: Newest[] }): string | null {
  return rows[0]?.name ?? null;
}

/** Undefined when a table isn't there. */
async function unlessMissing<T>(engine: Engine, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (engine.isMissingTable(error)) return undefined;
    throw error;
  }
}
