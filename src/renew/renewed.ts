import type { ErrorRecord } from '../errors.ts';
import type { CertificateRow } from '../ledger/schema.ts';

export interface Renewed {
  certificate: CertificateRow;
  status: 'issued' | 'renewed' | 'failed' | 'deferred';
  error: ErrorRecord | null;
  /** It ended with its rehearsal: the CA wasn't asked. */
  isOfRehearsal?: boolean;
  /** Where it was ordered instead of at its own CA. */
  fallbackCa?: string;
}
