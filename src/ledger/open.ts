import { Kysely, Migrator, sql } from 'kysely';
import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, linkSync, openSync, readSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';
import { makeDirectories } from '../system/directories.ts';
import type { Engine } from './engine.ts';
import type { Ledger } from './ledger.ts';
import { migrationsFor } from './migrations/migrations.ts';
import type { Schema } from './schema.ts';
import { rescuedPrefix } from './sqlite/ledger-files.ts';
import { sqliteError } from './sqlite/sqlite-error.ts';
import { sqliteEngine } from './sqlite/sqlite.ts';

/**
 * Opens the SQLite ledger in `file`, made if it isn't there (its folder too, 0700), and brings it to this version's schema.
 * @param options `toWrite`: also finds out whether it can be written, so that a locked one is noticed before anything is sent
 * @throws AcmeLedgerError `ledger` (locked, damaged, no permission), `ledger-newer`
 */
export async function openSqliteLedger(file: string, options = { toWrite: false }): Promise<Ledger> {
  if (!exists(file)) {
    assertNotLost(file);
    await createLedger(file);
  }
  assertWhole(file);
  return openMigrated(file, sqliteEngine(file, options));
}

/** A ledger that holds nothing, in memory. */
export async function openEmptyLedger(): Promise<Ledger> {
  const nowhere = ':memory:';
  return openMigrated(nowhere, sqliteEngine(nowhere));
}

async function openMigrated(place: string, engine: Engine): Promise<Ledger> {
  const ledger = new Kysely<Schema>({ dialect: engine.dialect });
  try {
    await migrate(ledger, engine, place);
    return ledger;
  } catch (error) {
    await ledger.destroy().catch(() => undefined);
    throw asOpenError(error, place);
  }
}

/** A new ledger appears complete or not at all, so that an empty file is always damage, never a beginning. */
async function createLedger(file: string): Promise<void> {
  const draft = `${file}.${randomUUID()}.new`;
  try {
    makeDirectories(dirname(file));
    closeSync(openSync(draft, 'wx', 0o600));
    const ledger = await openMigrated(draft, sqliteEngine(draft));
    await ledger.destroy();
    linkSync(draft, file);
  } catch (error) {
    // Another process was first: theirs is as good.
    if (!exists(file)) throw asOpenError(error, file);
  } finally {
    if (exists(draft))
      for (const rest of [draft, `${draft}-wal`, `${draft}-shm`]) rmSync(rest, { force: true });
  }
}

function exists(file: string): boolean {
  return sizeOf(file) !== undefined;
}

/** In bytes, by one system call: the files beside a ledger come and go with the processes that use it. Undefined when there is no such file. */
function sizeOf(file: string): number | undefined {
  try {
    return statSync(file).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw asOpenError(error, file);
  }
}

/** What was committed, and isn't yet in the ledger's own file. */
function hasWrittenAhead(file: string): boolean {
  return (sizeOf(`${file}-wal`) ?? 0) > 0;
}

/**
 * For a ledger that isn't there: beside one that was taken away lies what a new one would be mixed with, or what a run saved of it.
 * @throws AcmeLedgerError `ledger`
 */
export function assertNotLost(file: string): void {
  const saved = savedCopies(file).sort().at(-1);
  if (saved === undefined && !hasWrittenAhead(file)) return;
  const shown = printable(file);
  throw new AcmeLedgerError(
    'ledger',
    `the ledger ${shown} isn't there, but what belongs to it is: it was deleted or moved away`,
    {
      hint:
        saved === undefined
          ? `put it or a backup back; to begin with one that knows nothing of what is open at the CA: rm ${shellWord(`${shown}-wal`)}`
          : `mv ${shellWord(printable(saved))} ${shellWord(shown)} puts back what a run saved of it; then acme-ledger authz clear`,
    },
  );
}

function savedCopies(file: string): string[] {
  const prefix = rescuedPrefix(file);
  try {
    const entries = readdirSync(dirname(file)).map((entry) => join(dirname(file), entry));
    return entries.filter((path) => path.startsWith(prefix));
  } catch {
    return []; // no folder, no copies
  }
}

/** @throws AcmeLedgerError `ledger`. SQLite notices a cut-off file only when it needs a page that isn't there; its header tells at once (sqlite.org/fileformat.html §1.3). */
export function assertWhole(file: string): void {
  let seen = look(file);
  // Another process may bring its pages into the file between two looks; by the next it has begun to or is done.
  for (let looks = 1; !seen.isWhole && looks < 3; looks += 1) seen = look(file);
  if (seen.isWhole) return;
  throw new AcmeLedgerError(
    'ledger',
    `the ledger ${file} is ${seen.isDatabase ? 'cut off' : 'not a SQLite database'} (${String(seen.size)} bytes)`,
    {
      hint: 'put back a backup of it, or move it away: then acme-ledger starts a new one that knows nothing of what is open at the CA',
    },
  );
}

function look(file: string): { isWhole: boolean; isDatabase: boolean; size: number } {
  const mayMiss = hasWrittenAhead(file); // the missing pages may be in there
  const header = Buffer.alloc(100);
  const size = readHeader(file, header);
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const isDatabase = header.toString('latin1', 0, 15) === 'SQLite format 3';
  return { isWhole: mayMiss || (isDatabase && size >= pageSize * header.readUInt32BE(28)), isDatabase, size };
}

/** @returns the file's size */
function readHeader(file: string, header: Buffer): number {
  try {
    const handle = openSync(file, 'r');
    try {
      readSync(handle, header, 0, header.length, 0);
      return fstatSync(handle).size;
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw asOpenError(error, file);
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
  const applied = await newestApplied(ledger);
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
async function newestApplied(ledger: Ledger): Promise<string | null> {
  try {
    const { rows } = await sql<{
      name: string | null;
    }>`select max(name) as name from kysely_migration`.execute(ledger);
    return rows[0]?.name ?? null;
  } catch (error) {
    if (messageOf(error).includes('no such table') || messageOf(error).includes('does not exist'))
      return null;
    throw error;
  }
}

export function asOpenError(error: unknown, file: string): AcmeLedgerError {
  if (error instanceof AcmeLedgerError && error.code !== 'ledger-failed') return error;
  if (error instanceof AcmeLedgerError) {
    return new AcmeLedgerError('ledger', error.message, { hint: error.hint ?? '', cause: error });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('SQLITE_')) return sqliteError(error, file, 'open');
  return new AcmeLedgerError('ledger', `the ledger ${file} can't be opened: ${messageOf(error)}`, {
    hint: 'check the owner and the permissions of the file and of its folder',
    cause: error,
  });
}
