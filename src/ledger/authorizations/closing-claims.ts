import type { Ledger } from '../ledger.ts';
import type { LedgerWriter } from '../writer.ts';

/** Which run is to close the authorization, or was when it ended; null when none is. */
export async function closingRunOf(ledger: Ledger, authorizationId: number): Promise<string | null> {
  const row = await ledger
    .selectFrom('authorizations')
    .select('closing_run_id')
    .where('id', '=', authorizationId)
    .executeTakeFirst();
  return row?.closing_run_id ?? null;
}

/** The same of several: only those that a run is to close, or was. */
export async function closingRunsOf(ledger: Ledger, ids: readonly number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map();
  const rows = await ledger
    .selectFrom('authorizations')
    .select(['id', 'closing_run_id'])
    .where('id', 'in', ids)
    .where('closing_run_id', 'is not', null)
    .execute();
  return new Map(rows.map(({ id, closing_run_id }) => [id, closing_run_id ?? '']));
}

/**
 * Written before the POST that is to close it, so that no other run sends one, too.
 * @param from the run that had it when it was looked at; null when none had
 * @returns false when another run was first, or it is over
 */
export async function claimToClose(
  writer: LedgerWriter,
  authorizationId: number,
  from: string | null,
): Promise<boolean> {
  const update = writer.ledger
    .updateTable('authorizations')
    .set({ closing_run_id: writer.runId })
    .where('id', '=', authorizationId)
    .where('status', '=', 'pending');
  const guarded =
    from === null ? update.where('closing_run_id', 'is', null) : update.where('closing_run_id', '=', from);
  return (await guarded.executeTakeFirst()).numUpdatedRows > 0n;
}

/** It is still open, and free for any run to close. */
export async function releaseClaim(writer: LedgerWriter, authorizationId: number): Promise<void> {
  await writer.ledger
    .updateTable('authorizations')
    .set({ closing_run_id: null })
    .where('id', '=', authorizationId)
    .where('closing_run_id', '=', writer.runId)
    .execute();
}
