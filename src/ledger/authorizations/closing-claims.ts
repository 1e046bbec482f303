import type { Ledger } from '../ledger.ts';
import type { LedgerWriter } from '../writer.ts';

/**
 * The run that is to close the authorization, or was to when the authorization ended; null when there is
 * none.
 */
export async function closingRunOf(ledger: Ledger, authorizationId: number): Promise<string | null> {
  const row = await ledger
    .selectFrom('authorizations')
    .select('closing_run_id')
    .where('id', '=', authorizationId)
    .executeTakeFirst();
  return row?.closing_run_id ?? null;
}

/** Like `closingRunOf`, for several authorizations: the run by authorization id, for those that have one. */
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
 * Claims the authorization before the POST that is to close it, so that no other run sends such a POST, too.
 * @param from the run that had the claim when the authorization was looked at; null when none had
 * @returns false when another run was first, or the authorization is over
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

/** Ends this run's claim: the authorization is still open, and any run may close it. */
export async function releaseClaim(writer: LedgerWriter, authorizationId: number): Promise<void> {
  await writer.ledger
    .updateTable('authorizations')
    .set({ closing_run_id: null })
    .where('id', '=', authorizationId)
    .where('closing_run_id', '=', writer.runId)
    .execute();
}
