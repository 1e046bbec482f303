import type { Ledger } from './ledger.ts';
import type { Insertable } from 'kysely';
import { sql } from 'kysely';
import type { Instant } from './columns.ts';
import type { RunRow, RunTable } from './schema.ts';

/**
 * A run that stops renewing is taken for dead after this time by hosts that can't look at its process. Long
 * enough for a machine under load; short enough that a dead host's authorizations are free again soon.
 */
export const leaseMs = 90_000;
export const renewEveryMs = 20_000;

/** How long a run acts after a renewal of its lease, by either clock, without renewing it first. */
export const trustedForMs = leaseMs / 2;

/** The time of a dead run's last possible act: to act later it would have renewed its lease. */
export function lastActAt(run: RunRow): Instant {
  if (run.ended_at !== null) return run.ended_at;
  return new Date(run.lease_until.getTime() - leaseMs + trustedForMs);
}

export type NewRun = Insertable<RunTable>;

/** One call of the program, in all runs of its process. */
export interface Invocation {
  /** A UUID. */
  readonly id: string;
  /** Its arguments without secrets. */
  readonly words: readonly string[];
  /** Whether the ledger has a run of it. */
  isInLedger: boolean;
}

/** What came of a call of the program. */
export type RunReport = Pick<NewRun, 'exit_code' | 'counts' | 'reasons'>;

export async function insertRun(ledger: Ledger, run: NewRun): Promise<void> {
  await ledger.insertInto('runs').values(run).execute();
}

/** @returns false when the run was already ended by another run that took it for dead */
export async function renewLease(ledger: Ledger, runId: string, leaseUntil: Instant): Promise<boolean> {
  const result = await ledger
    .updateTable('runs')
    .set({ lease_until: leaseUntil })
    .where('id', '=', runId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function endRun(ledger: Ledger, runId: string, at: Instant): Promise<void> {
  await ledger
    .updateTable('runs')
    .set({ ended_at: at, lease_until: at })
    .where('id', '=', runId)
    .where('ended_at', 'is', null)
    .execute();
}

export async function runsById(ledger: Ledger, ids: readonly string[]): Promise<Map<string, RunRow>> {
  if (ids.length === 0) return new Map();
  const rows = await ledger.selectFrom('runs').selectAll().where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Runs that are at work, or died. */
export async function unendedRuns(ledger: Ledger): Promise<RunRow[]> {
  return ledger.selectFrom('runs').selectAll().where('ended_at', 'is', null).execute();
}

/** Writes what came of a call of the program on all its runs. */
export async function recordRunReport(ledger: Ledger, invocation: string, report: RunReport): Promise<void> {
  await ledger.updateTable('runs').set(report).where('invocation', '=', invocation).execute();
}

/** Tells the runs of one process from others; runs of older versions stand alone. */
const invocationOf = sql<string>`coalesce(invocation, id)`;

/** The runs of the latest calls of the program, by call, the newest first. */
export async function latestInvocations(ledger: Ledger, limit: number): Promise<RunRow[][]> {
  const latest = await ledger
    .selectFrom('runs')
    .select([invocationOf.as('key'), ({ fn }) => fn.min('started_at').as('started')])
    .groupBy(invocationOf)
    .orderBy('started', 'desc')
    .limit(limit)
    .execute();
  const keys = latest.map(({ key }) => key);
  if (keys.length === 0) return [];
  const rows = await ledger
    .selectFrom('runs')
    .selectAll()
    .where(invocationOf, 'in', keys)
    .orderBy('started_at')
    .execute();
  return byInvocation(rows).reverse();
}

/** The runs of the calls of the program whose id begins so, by call. */
export async function runsOfInvocation(ledger: Ledger, begin: string): Promise<RunRow[][]> {
  const rows = await ledger
    .selectFrom('runs')
    .selectAll()
    .where(invocationOf, 'like', `${begin}%`)
    .orderBy('started_at')
    .execute();
  return byInvocation(rows);
}

function byInvocation(rows: readonly RunRow[]): RunRow[][] {
  const calls = new Map<string, RunRow[]>();
  for (const row of rows) {
    const key = row.invocation ?? row.id;
    calls.set(key, [...(calls.get(key) ?? []), row]);
  }
  return [...calls.values()];
}
