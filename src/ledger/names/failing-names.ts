import type { ErrorRecord } from '../../errors.ts';
import { sql } from 'kysely';
import { isPast } from '../../bounded-wait.ts';
import { pauseOf } from '../../ca-pause.ts';
import { chunksOf } from '../chunks.ts';
import { compiledOnce } from '../compiled.ts';
import { appendEvents } from '../events.ts';
import type { EventKind } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import { asOfNow } from './paused-names.ts';
import type { IdentifierRow } from '../schema.ts';
import type { Instant } from '../columns.ts';
import type { NameStanding } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

interface Name {
  type: string;
  value: string;
}

/** The rule for the attempts that follow a failure. */
export interface FailureRule {
  /**
   * When the name may be tried again after so many failures in a row, from 1.
   * @param lifeMs how long the certificate lives that the name keeps waiting; null where that isn't known
   */
  nextAttemptAt(step: number, now: Date, lifeMs?: number | null): Date;
  /** Whether a name that has been failing since then is given up until somebody looks at it. */
  shouldSuspend(failingSince: Date, now: Date): boolean;
}

const wellAgain = {
  consecutive_failures: 0,
  back_off_step: 0,
  failing_since: null,
  next_attempt_at: null,
  suspended_at: null,
  last_error: null,
  probe_at: null,
  probe_step: 0,
  probe_error: null,
} as const;

/** How a name stands now; the column `told` has the standing that the name hook knows. */
export function standingOf(row: Pick<IdentifierRow, 'suspended_at' | 'consecutive_failures'>): NameStanding {
  if (row.suspended_at !== null) return 'suspended';
  return row.consecutive_failures > 0 ? 'failing' : 'well';
}

/** Records that names were proven on the account: their earlier failures are over. */
export async function recordProven(
  writer: LedgerWriter,
  accountId: number,
  names: readonly Name[],
): Promise<void> {
  if (names.length === 0) return;
  await inTransaction(writer, async (tx) => {
    for (const { type, value } of names) {
      const { rows: recovered } = await failingOf(tx.ledger, { accountId, value });
      await upsertProven(tx.ledger, { accountId, type, value, at: instant(tx) });
      await appendEvents(tx, nameEvents('name-recovered', accountId, recovered));
    }
  });
}

const failingOf = compiledOnce((ledger, { accountId, value }: { accountId: number; value: string }) =>
  ledger
    .selectFrom('identifiers')
    .select('value')
    .where('account_id', '=', accountId)
    .where('value', '=', value)
    .where('consecutive_failures', '>', 0),
);

interface Proven extends Name {
  accountId: number;
  at: Instant;
}

const upsertProven = compiledOnce((ledger, { accountId, type, value, at }: Proven) => {
  const success = { ...wellAgain, last_success_at: at };
  return ledger
    .insertInto('identifiers')
    .values({ account_id: accountId, type, value, ...success })
    .onConflict((conflict) => conflict.columns(['account_id', 'type', 'value']).doUpdateSet(success));
});

/** Records that an attempt failed for this name: at the CA, or before its challenge could be submitted. */
export async function recordNameFailure(
  writer: LedgerWriter,
  accountId: number,
  name: Name,
  error: ErrorRecord,
  rule: FailureRule,
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    const now = tx.clock.now();
    const found = await identifierOf(tx.ledger, accountId, name);
    // The CA let an attempt with a paused name begin, so the pause is over: the name's wait grows from its
    // beginning.
    const before =
      found === undefined || pauseOf(found.last_error) !== null ? undefined : asOfNow(found, now);
    const step = (before?.back_off_step ?? 0) + 1;
    const since = before?.failing_since ?? null;
    const failingSince = since !== null && isPast(since, now) ? since : now;
    const isLong = rule.shouldSuspend(failingSince, now);
    const suspendedAt = before?.suspended_at ?? (isLong ? now : null);
    const isNewlySuspended = suspendedAt !== null && (before?.suspended_at ?? null) === null;
    const nextAttemptAt = rule.nextAttemptAt(step, now);
    const failure = {
      consecutive_failures: (found?.consecutive_failures ?? 0) + 1,
      back_off_step: step,
      failing_since: failingSince,
      next_attempt_at: nextAttemptAt,
      last_failure_at: now,
      last_error: error,
      suspended_at: suspendedAt,
    };
    await tx.ledger
      .insertInto('identifiers')
      .values({ account_id: accountId, type: name.type, value: name.value, ...failure })
      .onConflict((conflict) => conflict.columns(['account_id', 'type', 'value']).doUpdateSet(failure))
      .execute();
    await appendEvents(tx, [
      { kind: 'name-failed', accountId, data: { name: name.value, nextAttemptAt, error } },
      ...(isNewlySuspended ? nameEvents('name-suspended', accountId, [name]) : []),
    ]);
  });
}

function nameEvents(kind: EventKind, accountId: number, names: readonly { value: string }[]) {
  return names.map(({ value }) => ({ kind, accountId, data: { name: value } }));
}

async function identifierOf(
  ledger: Ledger,
  accountId: number,
  { type, value }: Name,
): Promise<IdentifierRow | undefined> {
  return ledger
    .selectFrom('identifiers')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('type', '=', type)
    .where('value', '=', value)
    .executeTakeFirst();
}

/** Names whose last attempt failed, as they stand now. */
export async function failingNames(ledger: Ledger, accountId: number, now: Date): Promise<IdentifierRow[]> {
  const rows = await ledger
    .selectFrom('identifiers')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('consecutive_failures', '>', 0)
    .orderBy('value')
    .execute();
  return rows.map((row) => asOfNow(row, now));
}

/** The names among `values` whose last attempt failed, on whichever account. */
export async function failingAnywhere(ledger: Ledger, values: readonly string[]): Promise<Set<string>> {
  if (values.length === 0) return new Set();
  const rows = await ledger
    .selectFrom('identifiers')
    .select('value')
    .where('value', 'in', values)
    .where('consecutive_failures', '>', 0)
    .execute();
  return new Set(rows.map(({ value }) => value));
}

/**
 * Resumes names that somebody has looked at: they may be tried again at once, and their wait grows from its
 * beginning. Their count of failures in a row stays: the CA counts on.
 * @param values the names to resume; all that fail when null
 * @returns the names that were failing
 */
export async function resumeNames(
  writer: LedgerWriter,
  accountId: number,
  values: readonly string[] | null,
): Promise<string[]> {
  return inTransaction(writer, async (tx) => {
    let update = tx.ledger
      .updateTable('identifiers')
      .set({
        back_off_step: 0,
        failing_since: null,
        next_attempt_at: null,
        suspended_at: null,
        probe_at: null,
        probe_step: 0,
        // The person who resumed a name needn't be told that it isn't suspended any more.
        told: sql<NameStanding>`case when told = 'suspended' then 'failing' else told end`,
      })
      .where('account_id', '=', accountId)
      .where('consecutive_failures', '>', 0);
    if (values !== null) update = update.where('value', 'in', values);
    const resumed = await update.returning('value').execute();
    await appendEvents(tx, nameEvents('name-resumed', accountId, resumed));
    return resumed.map(({ value }) => value);
  });
}

/** Names whose standing isn't the one that the name hook was told last. */
export async function namesToTell(ledger: Ledger, accountId: number): Promise<IdentifierRow[]> {
  const standing = sql<NameStanding>`case when suspended_at is not null then 'suspended'
    when consecutive_failures > 0 then 'failing' else 'well' end`;
  return ledger
    .selectFrom('identifiers')
    .selectAll()
    .where('account_id', '=', accountId)
    .where(standing, '<>', (eb) => eb.ref('told'))
    .orderBy('id')
    .execute();
}

export async function recordTold(writer: LedgerWriter, id: number, told: NameStanding): Promise<void> {
  await writer.ledger.updateTable('identifiers').set({ told }).where('id', '=', id).execute();
}

/** When each of these names that was ever proven on the account was last proven, the earliest first. */
export async function lastProven(
  ledger: Ledger,
  accountId: number,
  values: readonly string[],
): Promise<Instant[]> {
  const rows = await identifiersOf(ledger, values);
  const own = rows.filter(({ account_id }) => account_id === accountId);
  return own
    .flatMap(({ last_success_at }) => last_success_at ?? [])
    .sort((one, other) => one.getTime() - other.getTime());
}

/** What is known of these names, on each account. */
export async function identifiersOf(ledger: Ledger, values: readonly string[]): Promise<IdentifierRow[]> {
  const rows: IdentifierRow[] = [];
  for (const chunk of chunksOf(values))
    rows.push(...(await ledger.selectFrom('identifiers').selectAll().where('value', 'in', chunk).execute()));
  return rows;
}
