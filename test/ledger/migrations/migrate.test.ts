import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listAccounts } from '../../../src/ledger/accounts.ts';
import { openMigrated } from '../../../src/ledger/migrations/migrate.ts';
import { migrationsFor } from '../../../src/ledger/migrations/migrations.ts';
import { openForCheck } from '../../../src/ledger/sqlite/open-for-check.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-sqlite.ts';
import { sqliteEngine } from '../../../src/ledger/sqlite/sqlite.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { newLedger } from '../new-ledger.ts';

describe('a ledger of a development version', () => {
  it.each([
    [
      'the last one',
      `insert into kysely_migration values ('0013-stuck', '2026-11-30T00:00:00.000Z')`,
      '0013-stuck',
    ],
    [
      'the second',
      `insert into kysely_migration values ('0002-holds', '2026-11-22T00:00:00.000Z')`,
      '0002-holds',
    ],
    [
      'the first, which had the name of today',
      ['found_urls', 'limit_reservations', 'limit_buckets', 'probes', 'holds']
        .map((table) => `drop table ${table};`)
        .join(' '),
      '0001-first',
    ],
  ])('is refused and left as it was: %s', async (_title, change, schema) => {
    const { ledger, file } = await newLedger();
    await ledger.destroy();
    const database = rawDatabase(file);
    database.exec(`delete from kysely_migration where name <> '0001-first'; ${change}`);
    database.close();
    const before = await readFile(file);
    const refusal = {
      code: 'ledger',
      message: expect.stringMatching(`development version .*its schema is ${schema}`) as string,
      hint: expect.stringMatching(
        /its acme-ledger authz clear; then mv .*ledger\.sqlite .*first acme-ledger issue/,
      ) as string,
    };
    await expect(openSqliteLedger(file)).rejects.toMatchObject(refusal);
    await expect(openSqliteLedger(file, { toWrite: true })).rejects.toMatchObject(refusal);
    await expect(openForCheck(file)).rejects.toMatchObject(refusal);
    expect((await readFile(file)).equals(before)).toBe(true);
    expect(await readdir(path.dirname(file))).toEqual(['ledger.sqlite']);
  });
});

it('a ledger that has lost one table is not taken for that of a development version', async () => {
  const { ledger, file } = await newLedger();
  await ledger.destroy();
  const database = rawDatabase(file);
  database.exec('drop table holds');
  database.close();
  const opened = await openSqliteLedger(file);
  expect(await listAccounts(opened)).toHaveLength(1);
  await opened.destroy();
});

it('a ledger of an older version is brought to the schema of a newer one, and keeps its rows', async () => {
  const { ledger, file } = await newLedger();
  const accounts = await listAccounts(ledger);
  await ledger.destroy();
  const engine = sqliteEngine(file);
  const later = await openMigrated(engine, file, {
    ...migrationsFor(engine),
    '9999-notes': { up: (db) => db.schema.alterTable('accounts').addColumn('note', 'text').execute() },
  });
  expect(await listAccounts(later)).toEqual(accounts.map((account) => ({ ...account, note: null })));
  await later.destroy();
  // The version before it leaves it alone.
  await expect(openSqliteLedger(file)).rejects.toMatchObject({ code: 'ledger-newer', message: /9999-notes/ });
});
