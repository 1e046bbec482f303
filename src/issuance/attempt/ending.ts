import type { Chain } from '../../acme/objects/resources.ts';
import type { OrderFiles } from '../../certificates/order-files.ts';
import type { ErrorRecord } from '../../errors.ts';
import type { StoreVerdict } from '../../ledger/certificates/store-verdict.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import type { Attempt } from './attempt.ts';

/** How an attempt ends: with a certificate that is kept, or, in a rehearsal, one that is only looked at. */
export interface Ending {
  /** The order's `orders.rehearsal`: how its names are proven in a rehearsal, otherwise null. */
  rehearsalOf: (run: AccountRun, certificate: CertificateRow, names: readonly string[]) => object | null;
  preferredChainOf: (certificate: CertificateRow) => string | null;
  /**
   * Downloads the order's certificate, checks it against the request, and concludes the order.
   * @param download the certificate's chains, where their download has begun already
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
  /** Records the reason of a failed attempt with its certificate. */
  recordFailed: (run: AccountRun, certificate: CertificateRow, error: ErrorRecord) => Promise<void>;
}
