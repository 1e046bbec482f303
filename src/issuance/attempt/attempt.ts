import type { ErrorRecord } from '../../errors.ts';
import type { CertificateRow } from '../../ledger/schema.ts';

/** How one try to obtain one certificate ended. */
export interface Attempt {
  /** `deferred`: not now (the gate, a limit or an outage of the CA, another run); nothing is lost. */
  status: 'issued' | 'failed' | 'deferred';
  /** The certificate's row in the ledger after the attempt. */
  certificate: CertificateRow;
  /** Null when the attempt has no order, as when the gate let none through. */
  orderId: number | null;
  error: ErrorRecord | null;
  /** The attempt ended with its rehearsal: the CA itself wasn't asked. */
  isOfRehearsal?: boolean;
}
