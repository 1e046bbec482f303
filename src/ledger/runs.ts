import type { Ledger } from './open.ts';
import type { RunRow } from './schema.ts';

export async function insertRun(ledger: Ledger, run: RunRow): Promise<void> {
  await ledger.insertInto('runs').values(run).execute();
}

/** @returns false when the run was already ended by somebody who took it for dead */
export async function renewLease(ledger: Ledger, runId: string, leaseUntil: string): Promise<boolean> {
  const result = await ledger
    .updateTable('runs')
    .set({ lease_until: leaseUntil })
    .where('id', '=', runId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function endRun(ledger: Ledger, runId: string, at: string): Promise<void> {
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
