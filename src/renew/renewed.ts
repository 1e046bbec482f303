import type { ErrorRecord } from '../errors.ts';
import type { CertificateRow } from '../ledger/schema.ts';

export interface Renewed {
  certificate: CertificateRow;
  status: 'issued' | 'renewed' | 'failed' | 'deferred';
  error: ErrorRecord | null;
  /** The attempt ended with its rehearsal: the CA wasn't asked. */
  isOfRehearsal?: boolean;
  /** The CA where the certificate was ordered instead of at its own. */
  fallbackCa?: string;
}
