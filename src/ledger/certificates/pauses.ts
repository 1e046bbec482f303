import type { Instant } from '../columns.ts';
import { appendEvents } from '../events.ts';
import { unkeepOrdersOf } from '../orders/orders.ts';
import type { CertificateRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** A pause of a certificate: it stays wanted, and `renew` leaves it alone. */
export interface CertificatePause {
  since: Instant;
  /** Null: until somebody ends it. */
  until: Instant | null;
}

/** The pause that a certificate is in; null when there is none, or its time is over. */
export function pauseOf(
  { paused_at: since, paused_until: until }: Pick<CertificateRow, 'paused_at' | 'paused_until'>,
  now: Date,
): CertificatePause | null {
  if (since === null || (until !== null && until <= now)) return null;
  return { since, until };
}

/**
 * Pauses a certificate, or gives its pause another end. No attempt comes for its kept orders: the next clean-up
 * settles them.
 */
export async function recordPaused(
  writer: LedgerWriter,
  row: CertificateRow,
  until: Date | null,
): Promise<CertificatePause> {
  return inTransaction(writer, async (tx) => {
    const since = pauseOf(row, tx.clock.now())?.since ?? instant(tx);
    const pause = { since, until };
    await tx.ledger
      .updateTable('certificates')
      .set({ paused_at: pause.since, paused_until: pause.until })
      .where('id', '=', row.id)
      .execute();
    await unkeepOrdersOf(tx, row.name);
    await appendEvents(tx, [{ kind: 'certificate-paused', certificateName: row.name, data: pause }]);
    return pause;
  });
}

/** @returns whether there was a pause to end */
export async function recordUnpaused(writer: LedgerWriter, row: CertificateRow): Promise<boolean> {
  return inTransaction(writer, async (tx) => {
    const isPaused = pauseOf(row, tx.clock.now()) !== null;
    await tx.ledger
      .updateTable('certificates')
      .set({ paused_at: null, paused_until: null })
      .where('id', '=', row.id)
      .execute();
    if (isPaused) await appendEvents(tx, [{ kind: 'certificate-resumed', certificateName: row.name }]);
    return isPaused;
  });
}
