import { accessSync, constants } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Kysely } from 'kysely';
import { AcmeLedgerError, messageOf } from '../../errors.ts';
import type { StoredLedger } from '../ledger.ts';
import type { LedgerUnderCheck } from '../ledger-store.ts';
import { schemaAge } from '../migrations/migrate.ts';
import { migrationsFor } from '../migrations/migrations.ts';
import type { Schema } from '../schema.ts';
import { openEmptyLedger } from './open-sqlite.ts';
import { sqliteOpeningError } from './sqlite-error.ts';
import { assertWhole } from './sqlite-file.ts';
import { sqliteEngine } from './sqlite.ts';

/**
 * Opens the SQLite ledger in `file` to look at it. Where the file or its folder can't be written, the ledger
 * is only read. Where SQLite can't even make the files beside it that reading needs, a copy is read.
 * @throws AcmeLedgerError `ledger` (locked, damaged from its beginning, not a ledger), `ledger-newer`
 */
export async function openForCheck(file: string): Promise<LedgerUnderCheck> {
  assertWhole(file);
  const isWritable = isWritableFile(file);
  try {
    return await opened(file, { file, isWritable });
  } catch (error) {
    if (isWritable || !isMissingBesides(error)) throw error;
    return openCopy(file);
  }
}

function isWritableFile(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function opened(
  place: string,
  shown: { file: string; isWritable: boolean },
): Promise<LedgerUnderCheck> {
  const { file, isWritable } = shown;
  const access = { toWrite: isWritable, readOnly: !isWritable };
  const engine = sqliteEngine(place, { ...access, decoding: 'lenient' });
  const ledger = new Kysely<Schema>({ dialect: engine.dialect });
  const stored: StoredLedger = new Kysely({
    dialect: sqliteEngine(place, { ...access, decoding: 'raw' }).dialect,
  });
  const close = async (): Promise<void> => {
    await Promise.all([ledger.destroy(), stored.destroy()]);
  };
  try {
    const age = await schemaAge(ledger, engine, { place: file, migrations: migrationsFor(engine) });
    if (age === 'none') throw notALedger(file);
    return {
      ledger,
      stored,
      engine,
      place: file,
      isWritable,
      isCurrent: age === 'current',
      openEmpty: openEmptyLedger,
      close,
    };
  } catch (error) {
    await close().catch(() => undefined);
    throw sqliteOpeningError(error, file);
  }
}

/** SQLite reads a database in WAL mode only with the two files beside it (sqlite.org/wal.html#readonly). */
function isMissingBesides(error: unknown): boolean {
  if (!(error instanceof AcmeLedgerError)) return false;
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && /^SQLITE_(CANTOPEN|READONLY)/.test(String(cause.code))) return true;
  }
  return false;
}

async function openCopy(file: string): Promise<LedgerUnderCheck> {
  const folder = await mkdtemp(join(tmpdir(), 'acme-ledger-check-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const copy = join(folder, 'ledger.sqlite');
  try {
    await copyFile(file, copy);
    await copyFile(`${file}-wal`, `${copy}-wal`).catch((error: unknown) => {
      if (!messageOf(error).includes('ENOENT')) throw error;
    });
    const under = await opened(copy, { file, isWritable: false });
    return { ...under, close: () => under.close().finally(remove) };
  } catch (error) {
    await remove();
    throw sqliteOpeningError(error, file);
  }
}

function notALedger(file: string): AcmeLedgerError {
  return new AcmeLedgerError('ledger', `${file} is a SQLite database, but no ledger of acme-ledger`, {
    hint: 'give the ledger with --ledger sqlite:FILE or --state-dir DIR',
  });
}
