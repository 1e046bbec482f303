import type { ErrorRecord } from '../../errors.ts';
import { appendEvents } from '../events.ts';
import type { CertificateRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/**
 * An attempt failed.
 * @param before the certificate as the attempt found it: what another has stored since is a success that this says nothing about
 */
export async function recordFailed(
  writer: LedgerWriter,
  { name, stored_at }: Pick<CertificateRow, 'name' | 'stored_at'>,
  error: ErrorRecord,
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    const update = tx.ledger
      .updateTable('certificates')
      .set({ last_error: error, last_attempt_at: instant(tx) })
      .where('name', '=', name);
    const { numUpdatedRows } = await (
      stored_at === null ? update.where('stored_at', 'is', null) : update.where('stored_at', '=', stored_at)
    ).executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await appendEvents(tx, [{ kind: 'certificate-failed', certificateName: name, data: error }]);
  });
}

/** When an attempt that ended so is made again; nothing where something else became of the certificate since. */
export async function recordRetryAt(
  writer: LedgerWriter,
  name: string,
  error: ErrorRecord,
  retryAt: string,
): Promise<void> {
  await writer.ledger
    .updateTable('certificates')
    .set({ last_error: { ...error, retryAt } })
    .where('name', '=', name)
    .where('last_error', '=', error)
    .execute();
}
