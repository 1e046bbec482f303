import { isTemporary } from '../error-kinds.ts';
import type { CertificateRow } from '../ledger/schema.ts';

/** Whether the last attempt failed: a certificate that had to wait for a limit doesn't fail. */
export function isFailing({ last_error: error }: Pick<CertificateRow, 'last_error'>): boolean {
  return error !== null && !isTemporary(error);
}
