import type { ErrorRecord } from '../../errors.ts';
import type { CertificateRow } from '../../ledger/schema.ts';

/** How one try to obtain one certificate ended. */
export interface Attempt {
  /** `deferred`: not now (the gate, a limit or an outage of the CA, another run); nothing is lost. */
  status: 'issued' | 'failed' | 'deferred';
  /** As it stands in the ledger afterwards. */
  certificate: CertificateRow;
  /** Null when the gate let none through. */
  orderId: number | null;
  error: ErrorRecord | null;
  /** It ended with its rehearsal: the CA wasn't asked. */
  isOfRehearsal?: boolean;
}
