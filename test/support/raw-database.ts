import Database from 'better-sqlite3';

// With Node 24.19 and later a collected database or statement of better-sqlite3 12 aborts the process (src/ledger/sqlite/sqlite.ts).
const keptForever: object[] = [];

/** A SQLite file as better-sqlite3 opens it, for looking at a ledger from outside the program. */
export function rawDatabase(file: string, options: Database.Options = {}): Database.Database {
  const database = new Database(file, options);
  const prepare = database.prepare.bind(database);
  keptForever.push(database);
  return Object.assign(database, {
    prepare: (source: string) => {
      const statement = prepare(source);
      keptForever.push(statement);
      return statement;
    },
    pragma: () => {
      throw new Error('pragma() makes a statement that nobody holds: use exec, or prepare');
    },
  });
}

/** The rows that one statement gives; none for one that changes something. */
export function queried<Row>(file: string, sql: string, ...values: unknown[]): Row[] {
  const database = rawDatabase(file, { fileMustExist: true });
  try {
    const statement = database.prepare<unknown[], Row>(sql);
    if (statement.reader) return statement.all(...values);
    statement.run(...values);
    return [];
  } finally {
    database.close();
  }
}
