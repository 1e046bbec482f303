import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { shapedRows } from '../../../src/ledger/sqlite/shaped-rows.ts';

function filled(): Database.Database {
  const database = new Database(':memory:');
  onTestFinished(() => void database.close());
  database.exec("create table t (id integer, name text); insert into t values (1, 'one'), (2, null)");
  return database;
}

it('gives the rows as better-sqlite3 gives them, all at once or one by one', () => {
  const database = filled();
  const select = 'select id, name, id * 2 as double from t where id <> ? order by id';
  const expected = database.prepare(select).all(0);
  expect(expected).toHaveLength(2);
  const rows = shapedRows(database.prepare(select), 'strict');
  expect(rows.all([0])).toStrictEqual(expected);
  expect([...rows.iterate([0])]).toStrictEqual(expected);
  expect(rows.all([0])[0]).not.toBe(rows.all([0])[0]);
  const written = shapedRows(
    database.prepare("insert into t values (3, 'three') returning id, name"),
    'strict',
  );
  expect(written.all([])).toStrictEqual([{ id: 3, name: 'three' }]);
});

it('knows a column that was added since', () => {
  const database = filled();
  const rows = shapedRows(database.prepare('select * from t where id = 1'), 'strict');
  expect(rows.all([])).toStrictEqual([{ id: 1, name: 'one' }]);
  database.exec("alter table t add column more text default 'x'");
  expect(rows.all([])).toStrictEqual([{ id: 1, name: 'one', more: 'x' }]);
});
