import type { ErrorRecord } from '../../errors.ts';
import { appendEvents } from '../events.ts';
import type { CertificateRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/**
 * Records that an attempt at a certificate failed.
 * @param before the certificate as the attempt found it: nothing is recorded when another attempt has stored
 * one since
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

/**
 * Records when the attempt that ended with `error` is made again. Nothing is written when the certificate's
 * last error is another one by now.
 */
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
