import { sql } from 'kysely';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import type { StoredLedger } from '../ledger.ts';
import type { Schema } from '../schema.ts';
import { instantColumns, instantsAhead, jsonColumns } from '../tables/column-types.ts';
import type { Finding, Moment } from './finding.ts';
import { findingsMax } from './finding.ts';
import { mendRow } from './row-rule.ts';
import type { SelfCheck } from '../self-check.ts';

type Row = Record<string, unknown> & { id: number | string };

/** The clocks of our own machines differ by less. */
const clockSkewMs = 10 * 60_000;

/** JSON that can't be read: a command that reads the row ends with an error. */
export async function unreadableJson(ledger: StoredLedger, selfCheck: SelfCheck): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [table, columns] of Object.entries(jsonColumns)) {
    for (const [column, top] of Object.entries(columns)) {
      const { rows } = await sql<Row>`select * from ${sql.table(table)}
        where not ${selfCheck.isJson(column, top)} order by id limit ${findingsMax}`.execute(ledger);
      found.push(...rows.map((row) => unreadable(selfCheck, { table, column, top, row })));
    }
  }
  return found;
}

interface Place {
  table: string;
  column: string;
  row: Row;
}

function unreadable(selfCheck: SelfCheck, place: Place & { top: 'array' | 'object' | 'any' }): Finding {
  const { table, column, row, top } = place;
  const readable = readableInstead(place);
  return {
    code: 'json-unreadable',
    level: 'error',
    table,
    id: row.id,
    message: `${column} of ${table} ${row.id} isn't the JSON that it should be: what reads it ends with an error`,
    hint: jsonHints[`${table}.${column}`]?.(row) ?? null,
    ...(readable === null
      ? {}
      : {
          mend: mendRow({
            code: 'json-unreadable',
            table,
            row,
            set: { [column]: readable },
            guard: sql`not ${selfCheck.isJson(column, top)}`,
          }),
        }),
  };
}

/** The column's value as JSON, as far as it can be known; null when it can't. */
function readableInstead({ table, column, row }: Place): string | null {
  const text = String(row[column]);
  if (column === 'error' || column === 'last_error' || column === 'ari_error' || column === 'probe_error') {
    return JSON.stringify({ code: 'bug', message: text, hint: null, problem: null, retryAt: null });
  }
  if (table === 'events') return JSON.stringify({ unreadable: text });
  // `names_key` has the order's names, in another order.
  if (table === 'orders' && column === 'names') return JSON.stringify(String(row['names_key']).split(' '));
  return null;
}

/** The name in a broken row may be broken, too. */
function nameIn(row: Row): string {
  return printable(String(row['name']));
}

const jsonHints: Record<string, (row: Row) => string> = {
  'found_urls.authorizations': (row) =>
    `delete from found_urls where id = ${row.id}: then the CA is asked for that URL again`,
  'certificates.names': (row) =>
    `acme-ledger issue --cert-name ${shellWord(nameIn(row))} with its names writes it anew`,
  'certificates.settings': (row) =>
    `acme-ledger issue --cert-name ${shellWord(nameIn(row))} with its names writes it anew`,
  'presentations.settings': (row) =>
    `take the answer for ${String(row['identifier'])} down by hand: no clean-up knows how`,
  'probes.settings': (row) =>
    `take the answer for ${String(row['identifier'])} down by hand: no clean-up knows how`,
};

/**
 * Instants that don't compare with others as text: events that depend on them come too early, too late or
 * never.
 */
export async function unreadableInstants(ledger: StoredLedger, selfCheck: SelfCheck): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [table, columns] of tablesWithInstants()) {
    const isRight = sql.join(
      columns.map((column) => selfCheck.isInstant(column)),
      sql` and `,
    );
    const { rows } = await sql<Row>`select * from ${sql.table(table)}
      where not (${isRight}) order by id limit ${findingsMax}`.execute(ledger);
    for (const row of rows) {
      for (const column of columns) {
        if (!isInstant(row[column])) found.push(oddInstant({ table, column, row }));
      }
    }
  }
  return found;
}

function oddInstant({ table, column, row }: Place): Finding {
  const text = String(row[column]);
  const same = sameInstant(text);
  return {
    code: 'instant-unreadable',
    level: 'error',
    table,
    id: row.id,
    message: `${column} of ${table} ${row.id} isn't a time as the ledger writes it ("${text.slice(0, 40)}"): it sorts wrongly among the others`,
    hint: same === null ? `write the right time there (docs/ledger.md, Types): it can't be guessed` : null,
    ...(same === null
      ? {}
      : {
          mend: mendRow({
            code: 'instant-unreadable',
            table,
            row,
            set: { [column]: same },
            guard: sql`${sql.ref(column)} = ${text}`,
          }),
        }),
  };
}

function isInstant(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'string' && sameInstant(value) === value;
}

/**
 * The time that the text says, as the ledger writes it; null when the text doesn't say which time it is (RFC
 * 3339 §5.6 has a zone).
 */
function sameInstant(text: string): string | null {
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return null;
  const time = Date.parse(text.replace(' ', 'T').toUpperCase());
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/**
 * Times of past events that lie in the future: this machine's clock was ahead, or is behind. One note for
 * each column.
 */
export async function timesInFuture(ledger: StoredLedger, { now }: Moment): Promise<Finding[]> {
  const cutoff = new Date(now.getTime() + clockSkewMs).toISOString();
  const found: Finding[] = [];
  for (const [table, all] of tablesWithInstants()) {
    const columns = all.filter((column) => !instantsAhead.includes(column));
    const counts = columns.flatMap((column) => [
      sql`sum(case when ${sql.ref(column)} > ${cutoff} then 1 else 0 end) as ${sql.ref(`count_${column}`)}`,
      sql`max(${sql.ref(column)}) as ${sql.ref(`last_${column}`)}`,
    ]);
    const { rows } = await sql<Record<string, number | string | null>>`
      select ${sql.join(counts)} from ${sql.table(table)}`.execute(ledger);
    for (const column of columns) {
      const count = Number(rows[0]?.[`count_${column}`] ?? 0);
      if (count > 0) found.push(inFuture(table, column, count, String(rows[0]?.[`last_${column}`])));
    }
  }
  return found;
}

function inFuture(table: string, column: string, count: number, last: string): Finding {
  return {
    code: 'time-in-future',
    level: 'note',
    table,
    id: null,
    message: `${count} of ${table} have ${column} in the future, up to ${last}: this machine's clock was ahead then, or is behind now`,
    hint: 'date -u shows the time of this machine',
  };
}

function tablesWithInstants(): [keyof Schema, readonly string[]][] {
  const all = Object.entries(instantColumns) as [keyof Schema, readonly string[]][];
  return all.filter(([, columns]) => columns.length > 0);
}
