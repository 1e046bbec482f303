import Database from 'better-sqlite3';
import type { Dialect, SqliteDatabase, SqliteStatement } from 'kysely';
import { SqliteAdapter, SqliteDialect } from 'kysely';
import { AcmeLedgerError } from '../../errors.ts';
import { type Decoding, encoded } from './column-codec.ts';
import { sqliteSelfCheck } from './self-check.ts';
import type { Engine } from '../engine.ts';
import { holdFiles } from './ledger-files.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { shapedRows } from './shaped-rows.ts';
import { SharedCommits, type TransactionControl } from './shared-commits.ts';
import { isMissingTable, sqliteError, sqliteOpeningError } from './sqlite-error.ts';

/**
 * How long SQLite itself waits for another process's transaction: nothing else of this process runs
 * meanwhile. `SharedCommits` waits the rest.
 */
const busyTimeoutMs = 20;
/** How long opening waits: nothing is lost yet, and a person may be waiting. */
const openingTimeoutMs = 5_000;

interface OpeningOptions {
  /** Opening fails unless the ledger can be written. */
  toWrite: boolean;
  /** Nothing is written, not even where that is possible. */
  readOnly?: boolean;
  /** How stored values are read; `strict` unless said. */
  decoding?: Decoding;
}

/** SQLite behind Kysely. @throws AcmeLedgerError `ledger` */
export function sqliteEngine(file: string, options: OpeningOptions = { toWrite: false }): Engine {
  let opened: Opened | null = null;
  const dialect = new SqliteDialect({
    database: async () => {
      opened = connect(file, options);
      return Promise.resolve(opened.database);
    },
  });
  const control: TransactionControl = {
    run: (sql) => void opened?.database.prepare(sql).run([]),
    isInTransaction: () => opened?.isInTransaction() === true,
  };
  return {
    dialect: {
      createAdapter: () => new LedgerSqliteAdapter(),
      createDriver: () => new SharedCommits(dialect.createDriver(), control),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createQueryCompiler: () => dialect.createQueryCompiler(),
    } satisfies Dialect,
    idType: 'integer',
    idAutoIncrement: true,
    selfCheck: sqliteSelfCheck,
    isMissingTable,
    openingError: sqliteOpeningError,
  };
}

interface Opened {
  database: SqliteDatabase;
  isInTransaction(): boolean;
}

function connect(file: string, options: OpeningOptions): Opened {
  try {
    const database = new Database(file, {
      timeout: openingTimeoutMs,
      fileMustExist: true,
      readonly: options.readOnly === true,
    });
    keptForever.push(database);
    try {
      prepare(database, options);
      return {
        database: withStatementCache(
          translated(watched(database, filesOf(database, file), options.decoding), file),
        ),
        isInTransaction: () => database.inTransaction,
      };
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw sqliteError(error, file, 'open');
  }
}

/** The files of an open database: SQLite has made the two beside the ledger by then. */
function filesOf(database: Database.Database, file: string): LedgerFiles {
  if (database.memory) return { assertInPlace: () => undefined };
  return holdFiles(file, (path) => {
    const saving = database.prepare('vacuum into ?');
    keptForever.push(saving);
    saving.run(path);
  });
}

/**
 * With Node 24.19 and later the process aborts when the garbage collector, at an idle moment, comes upon a
 * database or a statement of better-sqlite3 12 that nobody holds (nodejs/node's ObjectWrap wants a context
 * then). There are few of these objects, so all are held.
 */
const keptForever: object[] = [];

function prepare(database: Database.Database, { toWrite, readOnly }: OpeningOptions): void {
  // FULL: a commit that we act on must survive a power cut (promise 1).
  database.exec('pragma synchronous = FULL; pragma foreign_keys = ON');
  const asking = database.prepare<[], { journal_mode: string }>('pragma journal_mode');
  keptForever.push(asking);
  if (asking.get()?.journal_mode !== 'wal' && readOnly !== true) database.exec('pragma journal_mode = WAL');
  assertSafeVersion(database);
  if (toWrite) database.exec('begin immediate; rollback');
  database.exec(`pragma busy_timeout = ${String(busyTimeoutMs)}`);
}

/** sqlite.org/wal.html: before this version, checkpoints of two processes at once could damage a WAL. */
const safeVersion = [3, 51, 3] as const;

/** @throws AcmeLedgerError `ledger` */
function assertSafeVersion(database: Database.Database): void {
  const asking = database.prepare<[], { version: string }>('select sqlite_version() as version');
  keptForever.push(asking);
  const version = asking.get()?.version ?? '';
  if (isSafeVersion(version)) return;
  throw new AcmeLedgerError(
    'ledger',
    `the SQLite in here is ${version}, and before ${safeVersion.join('.')} two processes at once could damage a ledger`,
    { hint: 'install acme-ledger anew, with better-sqlite3 12.8 or later: npm install --global acme-ledger' },
  );
}

/** Whether ledgers are safe with this version of SQLite, as in `3.51.3`. */
export function isSafeVersion(version: string): boolean {
  const [parts, least] = [version.split('.').map(Number), safeVersion];
  const index = least.findIndex((part, at) => part !== parts[at]);
  return index === -1 || (parts[index] ?? 0) > (least[index] ?? 0);
}

class LedgerSqliteAdapter extends SqliteAdapter {
  // SQLite's schema changes are transactional; Kysely runs migrations outside of one unless told.
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Kysely prepares every query anew; the program has few distinct ones and runs them often. */
function withStatementCache(database: SqliteDatabase): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  keptForever.push(statements);
  return {
    close: () => {
      database.close();
    },
    prepare: (text) => {
      const cached = statements.get(text) ?? database.prepare(text);
      statements.set(text, cached);
      return cached;
    },
  };
}

/**
 * Looks before each transaction, and after its commit, whether the ledger is still where others find it: a
 * commit is followed by a request that rests on it.
 */
function watched(
  database: Database.Database,
  files: LedgerFiles,
  decoding: Decoding = 'strict',
): SqliteDatabase {
  return {
    close: () => {
      database.close();
    },
    prepare: (text) => {
      const statement = database.prepare(text);
      const isWriting = !statement.readonly || text === 'commit';
      const watch = <T>(act: () => T): T => {
        if (isWriting && !database.inTransaction) files.assertInPlace();
        const result = act();
        if (isWriting && !database.inTransaction) files.assertInPlace();
        return result;
      };
      const rows = statement.reader ? shapedRows(statement, decoding) : statement;
      return {
        reader: statement.reader,
        all: (parameters) => watch(() => rows.all(parameters.map(encoded))),
        run: (parameters) => watch(() => statement.run(parameters.map(encoded))),
        iterate: (parameters) => rows.iterate(parameters.map(encoded)),
      };
    },
  };
}

/** Errors leave the database as the program's own, wherever a query is made. */
function translated(database: SqliteDatabase, file: string): SqliteDatabase {
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw sqliteError(error, file, 'use');
    }
  };
  return {
    close: () => {
      attempt(() => {
        database.close();
      });
    },
    prepare: (text) => {
      const statement = attempt(() => database.prepare(text));
      return {
        reader: statement.reader,
        all: (parameters) => attempt(() => statement.all(parameters)),
        run: (parameters) => attempt(() => statement.run(parameters)),
        iterate: (parameters) => attempt(() => statement.iterate(parameters)),
      };
    },
  };
}
