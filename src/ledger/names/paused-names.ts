import type { ErrorRecord } from '../../errors.ts';
import { isPast, isStillAhead } from '../../bounded-wait.ts';
import { pauseOf } from '../../ca-pause.ts';
import { chunksOf } from '../chunks.ts';
import { appendEvents } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import type { Instant } from '../columns.ts';
import type { IdentifierRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

interface Name {
  type: string;
  value: string;
}

interface Pause {
  error: ErrorRecord;
  /**
   * When the names are looked at again, by how long they were left alone the last time; null: they never
   * were.
   */
  lookAt: (lastMs: number | null) => Date;
}

/**
 * Suspends names that the CA has paused until a person opens its page. One page ends all pauses of an
 * account, so none of its paused names is looked at earlier than these.
 */
export async function recordPaused(
  writer: LedgerWriter,
  accountId: number,
  names: readonly Name[],
  { error, lookAt }: Pause,
): Promise<Date> {
  return inTransaction(writer, async (tx) => {
    const at = instant(tx);
    const known = await rowsOf(tx.ledger, accountId, names);
    const waits = known.filter((row) => pauseOf(row.last_error) !== null).flatMap(lastWaitMs);
    const next = lookAt(waits.length === 0 ? null : Math.max(...waits));
    const look = { next_attempt_at: next, last_failure_at: at };
    for (const { type, value } of names) {
      const before = known.find((row) => row.value === value);
      const paused = {
        ...look,
        consecutive_failures: Math.max(1, before?.consecutive_failures ?? 0),
        failing_since: before?.failing_since ?? at,
        suspended_at: before === undefined ? at : (asOfNow(before, tx.clock.now()).suspended_at ?? at),
        last_error: error,
      };
      await tx.ledger
        .insertInto('identifiers')
        .values({ account_id: accountId, type, value, ...paused })
        .onConflict((conflict) => conflict.columns(['account_id', 'type', 'value']).doUpdateSet(paused))
        .execute();
    }
    const isNews = ({ value }: Name): boolean =>
      !known.some((row) => row.value === value && pauseOf(row.last_error) !== null);
    await appendEvents(
      tx,
      names
        .filter(isNews)
        .map(({ value }) => ({ kind: 'name-suspended', accountId, data: { name: value, error } })),
    );
    if (names.length > 0) await moveLooks(tx, accountId, look);
    return next;
  });
}

async function moveLooks(
  tx: LedgerWriter,
  accountId: number,
  look: { next_attempt_at: Instant; last_failure_at: Instant },
): Promise<void> {
  const earlier = (await pausedRows(tx.ledger, accountId)).filter(
    ({ next_attempt_at }) => next_attempt_at === null || next_attempt_at < look.next_attempt_at,
  );
  for (const ids of chunksOf(earlier.map(({ id }) => id)))
    await tx.ledger.updateTable('identifiers').set(look).where('id', 'in', ids).execute();
}

/**
 * Ends the pauses of these names, because the CA has made an order with them; the account's other paused
 * names may be looked at.
 */
export async function endPauses(
  writer: LedgerWriter,
  accountId: number,
  names: readonly Name[],
): Promise<void> {
  const isPaused = ({ suspended_at, last_error }: IdentifierRow): boolean =>
    suspended_at !== null && pauseOf(last_error) !== null;
  if (!(await rowsOf(writer.ledger, accountId, names)).some(isPaused)) return;
  await inTransaction(writer, async (tx) => {
    const paused = await pausedRows(tx.ledger, accountId);
    const over = paused.filter(({ value }) => names.some((name) => name.value === value));
    const others = paused.filter((row) => !over.includes(row));
    for (const ids of chunksOf(over.map(({ id }) => id)))
      await tx.ledger
        .updateTable('identifiers')
        .set({ suspended_at: null, next_attempt_at: null, failing_since: instant(tx), back_off_step: 0 })
        .where('id', 'in', ids)
        .execute();
    for (const ids of chunksOf(others.map(({ id }) => id)))
      await tx.ledger
        .updateTable('identifiers')
        .set({ next_attempt_at: instant(tx) })
        .where('id', 'in', ids)
        .execute();
    await appendEvents(
      tx,
      over.map(({ value }) => ({ kind: 'name-resumed', accountId, data: { name: value } })),
    );
  });
}

/** The names among these that are paused and not to be looked at yet. */
export async function stillPaused(
  ledger: Ledger,
  accountId: number,
  names: readonly Name[],
  now: Date,
): Promise<IdentifierRow[]> {
  const rows = (await rowsOf(ledger, accountId, names)).map((row) => asOfNow(row, now));
  return rows.filter((row) => row.suspended_at !== null && pauseOf(row.last_error) !== null);
}

/**
 * How a name stands now: a time that was written by a clock that was ahead counts as passed, and a pause
 * whose time to look has come suspends nobody.
 */
export function asOfNow(row: IdentifierRow, now: Date): IdentifierRow {
  const waits = isStillAhead(row.next_attempt_at, now);
  const isSuspended =
    row.suspended_at !== null && isPast(row.suspended_at, now) && (waits || pauseOf(row.last_error) === null);
  return {
    ...row,
    next_attempt_at: waits ? row.next_attempt_at : null,
    suspended_at: isSuspended ? row.suspended_at : null,
  };
}

async function pausedRows(ledger: Ledger, accountId: number): Promise<IdentifierRow[]> {
  const rows = await ledger
    .selectFrom('identifiers')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('suspended_at', 'is not', null)
    .execute();
  return rows.filter(({ last_error }) => pauseOf(last_error) !== null);
}

async function rowsOf(ledger: Ledger, accountId: number, names: readonly Name[]): Promise<IdentifierRow[]> {
  const rows: IdentifierRow[] = [];
  for (const values of chunksOf(names.map(({ value }) => value))) {
    const found = await ledger
      .selectFrom('identifiers')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('type', 'in', ['dns', 'ip'])
      .where('value', 'in', values)
      .execute();
    rows.push(...found);
  }
  return rows;
}

function lastWaitMs({ next_attempt_at, last_failure_at }: IdentifierRow): number[] {
  if (next_attempt_at === null || last_failure_at === null) return [];
  return [next_attempt_at.getTime() - last_failure_at.getTime()];
}
