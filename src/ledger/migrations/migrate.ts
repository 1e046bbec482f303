import { Kysely, Migrator, sql } from 'kysely';
import { AcmeLedgerError } from '../../errors.ts';
import type { Engine } from '../engine.ts';
import type { Ledger } from '../ledger.ts';
import type { Schema } from '../schema.ts';
import { migrationsFor } from './migrations.ts';

/**
 * Opens the ledger of an engine and brings it to this version's schema.
 * @param place where it is, as messages name it
 * @throws AcmeLedgerError `ledger`, `ledger-newer`
 */
export async function openMigrated(engine: Engine, place: string): Promise<Ledger> {
  const ledger = new Kysely<Schema>({ dialect: engine.dialect });
  try {
    await migrate(ledger, engine, place);
    return ledger;
  } catch (error) {
    await ledger.destroy().catch(() => undefined);
    throw engine.openingError(error, place);
  }
}

/** Brings the ledger to this version's schema, in one transaction. @throws AcmeLedgerError `ledger-newer` */
async function migrate(ledger: Ledger, engine: Engine, place: string): Promise<void> {
  if ((await schemaAge(ledger, engine, place)) === 'current') return;
  const migrator = new Migrator({
    db: ledger,
    provider: { getMigrations: () => Promise.resolve(migrationsFor(engine)) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error as Error;
}

/** Beside this version's schema; `none`: it has never been a ledger. @throws AcmeLedgerError `ledger-newer` */
export async function schemaAge(
  ledger: Ledger,
  engine: Engine,
  place: string,
): Promise<'none' | 'older' | 'current'> {
  const newest = Object.keys(migrationsFor(engine)).sort().at(-1) ?? '';
  const applied = await newestApplied(ledger, engine);
  if (applied === null) return 'none';
  if (applied > newest) {
    throw new AcmeLedgerError(
      'ledger-newer',
      `the ledger ${place} was written by a newer acme-ledger (its schema is ${applied}, this version knows ${newest})`,
      {
        hint: 'use the newer version; the ledger was left as it was',
      },
    );
  }
  return applied === newest ? 'current' : 'older';
}

/** The common case, a ledger that is up to date, in one query instead of the migrator's ten. */
async function newestApplied(ledger: Ledger, engine: Engine): Promise<string | null> {
  try {
    const { rows } = await sql<{
      name: string | null;
    }>`select max(name) as name from kysely_migration`.execute(ledger);
    return rows[0]?.name ?? null;
  } catch (error) {
    if (engine.isMissingTable(error)) return null;
    throw error;
  }
}
