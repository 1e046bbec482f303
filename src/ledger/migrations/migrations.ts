import type { Migration } from 'kysely';
import type { Engine } from '../engine.ts';
import { createFirstTables } from './0001-first.ts';
import { addCertificatePauses } from './0002-paused-certificates.ts';
import { addRunReports } from './0003-told-runs.ts';
import { addNameServerDelays } from './0004-name-server-delays.ts';

/**
 * The steps that bring a ledger to this version's schema, by names that sort in the order of their versions.
 */
export type Migrations = Record<string, Migration>;

/** All migrations, oldest first. A released migration never changes: a ledger somewhere has it. */
export function migrationsFor(engine: Engine): Migrations {
  return {
    '0001-first': { up: (db) => createFirstTables(db, engine) },
    '0002-paused-certificates': { up: addCertificatePauses },
    '0003-told-runs': { up: addRunReports },
    '0004-name-server-delays': { up: (db) => addNameServerDelays(db, engine) },
  };
}
