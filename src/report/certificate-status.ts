import { isTemporary } from '../error-kinds.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { Standing } from '../plan/standings.ts';
import type { CertificateStatus } from './lists/list-words.ts';

/** Whether the last attempt failed: a certificate that had to wait for a limit doesn't fail. */
export function isFailing({ last_error: error }: Pick<CertificateRow, 'last_error'>): boolean {
  return error !== null && !isTemporary(error);
}

/** What there is of a certificate, whatever is wanted. */
export function storedStatus(
  { not_after, revoked_at }: Pick<CertificateRow, 'not_after' | 'revoked_at'>,
  standing: Standing | undefined,
  now: Date,
): 'valid' | 'expired' | 'missing' | 'revoked' {
  if (revoked_at !== null) return 'revoked';
  if (not_after === null || standing?.due.reason === 'missing') return 'missing';
  return not_after <= now ? 'expired' : 'valid';
}

/** All statuses by which a certificate is found. */
export function statusesOf(
  row: CertificateRow,
  standing: Standing | undefined,
  now: Date,
): CertificateStatus[] {
  return [
    storedStatus(row, standing, now),
    ...(pauseOf(row, now) === null ? [] : (['paused'] as const)),
    ...(standing === undefined ? [] : ([standing.waitsFor === null ? 'due' : 'waiting'] as const)),
    ...(isFailing(row) ? (['failing'] as const) : []),
  ];
}
