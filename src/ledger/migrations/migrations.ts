import type { Migration } from 'kysely';
import type { Engine } from '../engine.ts';
import { createFirstTables } from './0001-first.ts';
import { createHolds } from './0002-holds.ts';
import { addOrigin } from './0003-origin.ts';
import { addRenewalInfo } from './0004-renewal-info.ts';
import { createLimits } from './0005-limits.ts';
import { addFailingNames } from './0006-failing-names.ts';
import { addRehearsals } from './0007-rehearsals.ts';
import { addAccountPurpose } from './0008-account-purpose.ts';
import { createProbes } from './0009-probes.ts';
import { addFound } from './0010-found.ts';
import { addClosingRun } from './0011-closing.ts';
import { addCsrDigest } from './0012-csr-digest.ts';
import { addStuckOrders } from './0013-stuck.ts';

/** All migrations by name, oldest first. A landed one never changes: a ledger somewhere has it. */
export function migrationsFor(engine: Engine): Record<string, Migration> {
  return {
    '0001-first': { up: (db) => createFirstTables(db, engine) },
    '0002-holds': { up: (db) => createHolds(db, engine) },
    '0003-origin': { up: (db) => addOrigin(db) },
    '0004-renewal-info': { up: (db) => addRenewalInfo(db) },
    '0005-limits': { up: (db) => createLimits(db, engine) },
    '0006-failing-names': { up: (db) => addFailingNames(db) },
    '0007-rehearsals': { up: (db) => addRehearsals(db) },
    '0008-account-purpose': { up: (db) => addAccountPurpose(db) },
    '0009-probes': { up: (db) => createProbes(db, engine) },
    '0010-found': { up: (db) => addFound(db, engine) },
    '0011-closing': { up: (db) => addClosingRun(db) },
    '0012-csr-digest': { up: (db) => addCsrDigest(db) },
    '0013-stuck': { up: (db) => addStuckOrders(db) },
  };
}
