import type { Updateable } from 'kysely';
import type { Ledger } from '../ledger.ts';
import type { CertificateRow, CertificateTable } from '../schema.ts';
import type { Instant } from '../columns.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction } from '../writer.ts';

/** Columns of `certificates` about renewal information (RFC 9773). */
export type RenewalColumns = Pick<
  CertificateTable,
  | 'ari_id'
  | 'ari_window_start'
  | 'ari_window_end'
  | 'ari_renew_at'
  | 'ari_explanation_url'
  | 'ari_ask_at'
  | 'ari_error'
  | 'ari_failures'
>;

/** Renewal information about one certificate, and the certificate as it stood when the CA was asked. */
export interface Learned {
  certificate: Pick<CertificateRow, 'id' | 'serial'>;
  columns: Updateable<RenewalColumns>;
}

/**
 * Writes down the renewal information of many certificates, in one transaction. A certificate that was
 * replaced meanwhile is left as it is.
 */
export async function recordRenewalInfo(writer: LedgerWriter, learned: readonly Learned[]): Promise<void> {
  if (learned.length === 0) return;
  await inTransaction(writer, async (tx) => {
    for (const { certificate, columns } of learned) {
      await tx.ledger
        .updateTable('certificates')
        .set(columns)
        .where('id', '=', certificate.id)
        .where('serial', '=', certificate.serial)
        .execute();
    }
  });
}

/** A certificate that was just stored has no news yet; the next runs have the time to ask. */
const firstAskMs = 3_600_000;

/** When the CA is to be asked for the first time about a certificate that is stored now. */
export function firstAskAt(now: Date): Instant {
  return new Date(now.getTime() + firstAskMs);
}

/**
 * The columns of a certificate that has just been stored: earlier renewal information was about the
 * certificate before.
 */
export function noRenewalInfo(askAt: Instant): Updateable<RenewalColumns> {
  return {
    ari_id: null,
    ari_window_start: null,
    ari_window_end: null,
    ari_renew_at: null,
    ari_explanation_url: null,
    ari_ask_at: askAt,
    ari_error: null,
    ari_failures: 0,
  };
}

/** The stored certificate that has this identifier (RFC 9773 §4.1). */
export async function certificateOfAri(ledger: Ledger, ariId: string): Promise<CertificateRow | undefined> {
  return ledger
    .selectFrom('certificates')
    .selectAll()
    .where('ari_id', '=', ariId)
    .limit(1)
    .executeTakeFirst();
}
