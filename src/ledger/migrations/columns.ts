import type { CreateTableBuilder, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Engine } from '../engine.ts';

/** A new table with its `id`: ids grow and are never used twice. */
export function table(db: Kysely<unknown>, engine: Engine, name: string): CreateTableBuilder<string, 'id'> {
  return db.schema
    .createTable(name)
    .addColumn<'id'>('id', engine.idType, (column) =>
      engine.idAutoIncrement ? column.primaryKey().autoIncrement() : column.primaryKey(),
    );
}

/** The `check` of a column that holds one of these words. */
export function oneOf(column: string, values: readonly string[]): ReturnType<typeof sql<boolean>> {
  return sql<boolean>`${sql.ref(column)} in (${sql.join(values.map((value) => sql.lit(value)))})`;
}
