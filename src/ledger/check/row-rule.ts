import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Event } from '../events.ts';
import { appendEvents } from '../events.ts';
import type { StoredLedger, StoredRow } from '../ledger.ts';
import type { Schema } from '../schema.ts';
import { inTransaction } from '../writer.ts';
import type { Finding, FindingCode, Moment } from './finding.ts';
import { findingsMax } from './finding.ts';

/** Tables whose rows have a number. */
export type RuledTable = Exclude<
  keyof Schema,
  'runs' | 'order_authorizations' | 'limit_reservations' | 'events'
>;
export type RuledRow<T extends RuledTable> = StoredRow<T>;

/** A state of one row that can't be. */
export interface RowRule<T extends RuledTable> {
  code: FindingCode;
  level?: 'note';
  table: T;
  /** True for a row that is in this state. Columns may have the table's name before them. */
  broken: RawBuilder<unknown>;
  /** The message for such a row (its state and what that means) and the hint (what to do). */
  says: (row: RuledRow<T>) => { message: string; hint: string | null };
  /** The change that mends the row; `when`: only for rows for which this is true, too. */
  mend?: { set: Changes; when?: RawBuilder<unknown> };
}

/** New values by column: a value, or SQL over the row. */
type Changes = Record<string, RawBuilder<unknown> | string | number | null>;

/** A rule of any table, as a question to a ledger. */
export type AnyRule = (ledger: StoredLedger) => Promise<Finding[]>;

/** Makes a question to a ledger of a rule. */
export function rowRule<T extends RuledTable>(make: (moment: Moment) => RowRule<T>, moment: Moment): AnyRule {
  const rule = make(moment);
  const isMendable = rule.mend === undefined ? sql`0` : (rule.mend.when ?? sql`1`);
  return async (ledger) => {
    const { rows } = await sql<RuledRow<T> & { id: number; is_mendable: number }>`
      select ${sql.table(rule.table)}.*, case when ${isMendable} then 1 else 0 end as is_mendable
      from ${sql.table(rule.table)} where ${rule.broken} order by id limit ${findingsMax}`.execute(ledger);
    return rows.map((row) => findingOf(rule, row));
  };
}

function findingOf<T extends RuledTable>(
  rule: RowRule<T>,
  row: RuledRow<T> & { id: number; is_mendable: number },
): Finding {
  const { code, level = 'error', table, mend } = rule;
  return {
    code,
    level,
    table,
    id: row.id,
    ...rule.says(row),
    ...(mend === undefined || row.is_mendable === 0
      ? {}
      : {
          // Guarded by the state itself: a row that another run has mended meanwhile is left alone.
          mend: mendRow({
            code,
            table,
            row,
            set: mend.set,
            guard: sql`${rule.broken} and ${mend.when ?? sql`1 = 1`}`,
          }),
        }),
  };
}

/** Updates one row as long as `guard` holds for it, and records the row as it was before. */
export function mendRow(change: {
  code: FindingCode;
  table: string;
  row: { id: number | string };
  set: Changes;
  guard: RawBuilder<unknown>;
}): NonNullable<Finding['mend']> {
  const { code, table, row, set, guard } = change;
  const columns = sql.join(Object.entries(set).map(([column, value]) => sql`${sql.ref(column)} = ${value}`));
  return (writer) =>
    inTransaction(writer, async (tx) => {
      const { numAffectedRows } = await sql`
        update ${sql.table(table)} set ${columns} where id = ${row.id} and ${guard}`.execute(tx.ledger);
      if (numAffectedRows !== 1n) return false;
      const before = Object.entries(row).filter(([column]) => column in set);
      const data = { code, table, id: row.id, before: Object.fromEntries(before) };
      await appendEvents(tx, [{ kind: 'mended', ...subjectOf(table, { ...row }), data }]);
      return true;
    });
}

/** The order, authorization, account and certificate that an event is about, as far as the row says. */
function subjectOf(table: string, row: Record<string, unknown>): Omit<Event, 'kind' | 'data'> {
  const number = (column: string) => (typeof row[column] === 'number' ? row[column] : undefined);
  const own = number('id');
  const orderId = table === 'orders' ? own : number('order_id');
  const authorizationId = table === 'authorizations' ? own : number('authorization_id');
  const accountId = table === 'accounts' ? own : number('account_id');
  const certificateName = table === 'certificates' ? row['name'] : row['certificate_name'];
  return {
    ...(orderId === undefined ? {} : { orderId }),
    ...(authorizationId === undefined ? {} : { authorizationId }),
    ...(accountId === undefined ? {} : { accountId }),
    ...(typeof certificateName === 'string' ? { certificateName } : {}),
  };
}
