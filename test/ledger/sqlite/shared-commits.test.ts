import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Database from 'better-sqlite3';
import type { DatabaseConnection, Driver, Transaction } from 'kysely';
import { Kysely, SqliteAdapter, SqliteDialect, SqliteQueryCompiler } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SharedCommits } from '../../../src/ledger/sqlite/shared-commits.ts';
import { rawDatabase } from '../../support/raw-database.ts';

interface Schema {
  notes: { text: string };
}

/* A real SQLite file; only its faults are made up. */

let [directory, file] = ['', ''];
let database: Database.Database;
let ledger: Kysely<Schema>;
let statements: string[];
/** Asked before each statement; may throw. */
let fault: (sql: string) => void;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-test-'));
  file = path.join(directory, 'notes.sqlite');
  database = rawDatabase(file);
  database.exec('pragma journal_mode = WAL; create table notes (text text not null unique)');
  [statements, fault] = [[], () => undefined];
  const dialect = new SqliteDialect({ database });
  ledger = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () =>
        new SharedCommits(recording(dialect.createDriver()), {
          run(sql) {
            note(sql);
            database.exec(sql);
          },
          isInTransaction: () => database.inTransaction,
        }),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
});

afterEach(async () => {
  await ledger.destroy();
  await rm(directory, { recursive: true, force: true });
});

describe('transactions that share their commits', () => {
  it('are committed once when they are ready together, and one by one when they are not', async () => {
    await Promise.all(['a', 'b', 'c'].map((text) => write(text)));
    expect(commits()).toBe(1);
    expect(onDisk()).toEqual(['a', 'b', 'c']);
    await write('d');
    await write('e');
    expect(commits()).toBe(3);
    expect(onDisk()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('are on disk when anybody is told of them, also who only reads or writes a single row', async () => {
    const seen: string[][] = [];
    const look = (): unknown => seen.push(onDisk());
    await Promise.all([
      write('a').then(look),
      write('b').then(look),
      ledger.insertInto('notes').values({ text: 'c' }).execute().then(look),
      ledger.selectFrom('notes').selectAll().execute().then(look),
    ]);
    expect(seen).toEqual(Array.from({ length: 4 }, () => ['a', 'b', 'c']));
  });

  it('leave out what fails among them, wherever it stands', async () => {
    const results = await Promise.allSettled([
      write('a', 'a'),
      write('b'),
      write('c', 'b'),
      write('d'),
      write('e', 'e'),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ]);
    expect(onDisk()).toEqual(['b', 'd']);
  });

  it('all fail with the commit, and with them who has read what they wrote', async () => {
    fault = (sql) => {
      if (sql === 'commit') throw new Error('no room for the commit');
    };
    const results = await Promise.allSettled([
      write('a'),
      write('b'),
      ledger.selectFrom('notes').selectAll().execute(),
    ]);
    const reasons = results.map((result) => (result.status === 'rejected' ? String(result.reason) : ''));
    expect(reasons).toEqual(Array.from({ length: 3 }, () => 'Error: no room for the commit'));
    fault = () => undefined;
    await write('c');
    expect(onDisk()).toEqual(['c']);
  });

  it('all fail when the database rolls back by itself in the middle of one, as with a full disk', async () => {
    fault = (sql) => {
      if (!sql.includes('insert') || statements.filter((one) => one.includes('insert')).length < 2) return;
      fault = () => undefined;
      database.exec('rollback');
      throw new Error('the disk is full');
    };
    const results = await Promise.allSettled([write('a'), write('b'), write('c')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(onDisk()).toEqual(['c']);
  });

  it('wait for one that is in the middle of its work', async () => {
    const before = write('a');
    const slow = ledger.transaction().execute(async (transaction) => {
      await insert(transaction, 'b');
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(onDisk()).toEqual([]);
      await insert(transaction, 'c');
    });
    await Promise.all([before, slow, write('d')]);
    expect(onDisk()).toEqual(['a', 'b', 'c', 'd']);
  });
});

async function write(...texts: string[]): Promise<void> {
  await ledger.transaction().execute(async (transaction) => {
    for (const text of texts) await insert(transaction, text);
  });
}

async function insert(transaction: Transaction<Schema>, text: string): Promise<void> {
  await transaction.insertInto('notes').values({ text }).execute();
}

function onDisk(): string[] {
  const other = rawDatabase(file, { readonly: true });
  try {
    return (other.prepare('select text from notes order by text').all() as Schema['notes'][]).map(
      ({ text }) => text,
    );
  } finally {
    other.close();
  }
}

function commits(): number {
  return statements.filter((sql) => sql === 'commit').length;
}

function note(sql: string): void {
  statements.push(sql);
  fault(sql);
}

function recording(driver: Driver): Driver {
  return Object.assign(Object.create(driver) as Driver, {
    init: () => driver.init(),
    destroy: () => driver.destroy(),
    async acquireConnection(): Promise<DatabaseConnection> {
      const connection = await driver.acquireConnection();
      return {
        executeQuery(query) {
          note(query.sql);
          return connection.executeQuery(query);
        },
        streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize ?? 1),
      };
    },
  });
}
