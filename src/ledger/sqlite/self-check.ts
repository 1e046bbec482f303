import { type QueryExecutorProvider, sql } from 'kysely';
import { AcmeLedgerError } from '../../errors.ts';
import { shellWord } from '../../shell-word.ts';
import type { Orphan, SchemaPart, SelfCheck, SelfFault } from '../self-check.ts';

/** A damaged file has the same fault in thousands of rows; a hundred are enough to know. */
const faultsMax = 100;
const orphansMax = 1_000;

const digits = (count: number): string => '[0-9]'.repeat(count);
const instantGlob = `${digits(4)}-${digits(2)}-${digits(2)}T${digits(2)}:${digits(2)}:${digits(2)}.${digits(3)}Z`;

/** SQLite's own checks (sqlite.org/pragma.html). */
export const sqliteSelfCheck: SelfCheck = {
  // Deferred: a reader in WAL mode holds up nobody.
  snapshot: 'begin deferred',
  faults,
  orphans,
  shape,
  isJson: (column, top) =>
    top === 'any'
      ? sql<boolean>`(${sql.ref(column)} is null or json_valid(${sql.ref(column)}))`
      : // In a `case`: json_type fails on text that isn't JSON, and `and` promises no order.
        sql<boolean>`(${sql.ref(column)} is null or case when json_valid(${sql.ref(column)}) then json_type(${sql.ref(column)}) = ${sql.lit(top)} else 0 end)`,
  isInstant: (column) =>
    // The form alone allows a 13th month.
    sql<boolean>`(${sql.ref(column)} is null or (${sql.ref(column)} glob ${sql.lit(instantGlob)} and julianday(${sql.ref(column)}) is not null))`,
  salvageCommand: (file) => `sqlite3 ${shellWord(file)} .recover`,
  runCommand: (file, text) => `sqlite3 ${shellWord(file)} ${shellWord(text)}`,
};

async function faults(ledger: QueryExecutorProvider): Promise<SelfFault[]> {
  try {
    const { rows } = await sql
      .raw<{ integrity_check: string }>(`pragma integrity_check(${String(faultsMax)})`)
      .execute(ledger);
    return rows.map((row) => row.integrity_check).flatMap(faultOf);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    return [{ kind: 'damage', text: error.message }];
  }
}

function faultOf(text: string): SelfFault[] {
  if (text === 'ok') return [];
  const isConstraint = /^(CHECK constraint failed in|NULL value in) /.test(text);
  return [{ kind: isConstraint ? 'constraint' : 'damage', text }];
}

function isCorrupt(error: unknown): error is AcmeLedgerError {
  if (!(error instanceof AcmeLedgerError) || !(error.cause instanceof Error)) return false;
  return 'code' in error.cause && /^SQLITE_(CORRUPT|NOTADB)/.test(String(error.cause.code));
}

async function orphans(ledger: QueryExecutorProvider): Promise<Orphan[]> {
  const { rows } = await sql<{ child: string; id: number | null; column: string; parent: string }>`
    select broken."table" as child, broken.rowid as id, broken.parent as parent, keys."from" as "column"
    from pragma_foreign_key_check() as broken
    join pragma_foreign_key_list(broken."table") as keys on keys.id = broken.fkid
    limit ${orphansMax}`.execute(ledger);
  return rows.map(({ child, ...row }) => ({ ...row, table: child }));
}

async function shape(ledger: QueryExecutorProvider): Promise<Map<string, SchemaPart>> {
  const { rows } = await sql<{ type: string; name: string; text: string; columns: string | null }>`
    select type, name, sql as text, (
      select group_concat(described, ', ') from (
        select name || ' ' || type || ' ' || "notnull" || ' ' || pk as described
        from pragma_table_info(parts.name) order by name)) as columns
    from sqlite_master as parts
    where type in ('table', 'index') and sql is not null and name not like 'sqlite_%' and name not like 'kysely_%'
  `.execute(ledger);
  return new Map(
    rows.map(({ type, name, text, columns }) => [
      `${type} ${name}`,
      type === 'table'
        ? { description: columns ?? '', sql: null }
        : { description: text.replace(/\s+/g, ' '), sql: text },
    ]),
  );
}
