import type { Chain } from '../../acme/objects/resources.ts';
import type { OrderFiles } from '../../certificates/order-files.ts';
import type { ErrorRecord } from '../../errors.ts';
import type { StoreVerdict } from '../../ledger/certificates/store-verdict.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import type { Attempt } from './attempt.ts';

/** What an attempt is for, and so how it ends: with a certificate that is kept, or with the sight that one can be had. */
export interface Ending {
  /** What stands in the order (`orders.rehearsal`): the solver's settings that it rehearses with, or null. */
  rehearsalOf: (certificate: CertificateRow) => object | null;
  preferredChainOf: (certificate: CertificateRow) => string | null;
  /**
   * Downloads the order's certificate, looks whether it is what was asked for, and concludes the order.
   * @param download its chains, where they were asked for already
   */
  collect: (
    run: AccountRun,
    certificate: CertificateRow,
    order: OrderRow,
    files: OrderFiles,
    download: Promise<Chain[]> | undefined,
  ) => Promise<StoreVerdict>;
  /** The attempt whose order was concluded. @throws AcmeLedgerError `superseded` */
  attemptOf: (
    run: AccountRun,
    certificate: CertificateRow,
    order: OrderRow,
    verdict: StoreVerdict,
  ) => Promise<Attempt>;
  /** Why it failed, for the certificate that it is about. */
  recordFailed: (run: AccountRun, certificate: CertificateRow, error: ErrorRecord) => Promise<void>;
}
