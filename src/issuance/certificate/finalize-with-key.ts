import { isProblem } from '../../acme/objects/problems.ts';
import { type OrderFiles, removeOrderFiles } from '../../certificates/order-files.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import { assertOwned } from '../ownership/guards.ts';
import { finalizeOrder, type FinalizeOptions, type IssuedOrder } from './finalize.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { orderKey } from './order-key.ts';

export interface Finalized {
  placed: IssuedOrder;
  /** The files that the order was finalized with: new files where the CA forbids the given key. */
  files: OrderFiles;
}

/** Boulder's "public key is forbidden", for a key reported as compromised or known to be weak. */
const forbiddenKey = /\bkey\b.{0,80}?\b(?:forbidden|blocked|compromised|weak|debian)\b/i;

/**
 * Finalizes the order (RFC 8555 §7.4). Where the CA forbids the key, as when somebody reported it as
 * compromised, the order stays `ready` and is finalized once more with a new key: `--reuse-key` would bring
 * the same refusal at each renewal.
 * @throws AcmeLedgerError as `finalizeOrder`, `orderKey`
 */
export async function finalizeWithKey(
  run: AccountRun,
  certificate: CertificateRow,
  placed: PlacedOrder,
  files: OrderFiles,
  options: FinalizeOptions = {},
): Promise<Finalized> {
  try {
    return { placed: await finalizeOrder(run, placed, files, options), files };
  } catch (error) {
    if (!isForbiddenKey(error)) throw error;
    if (files.keyPem === null) throw forbiddenInCsr(certificate, error);
    run.log.warn(
      { order: placed.row.id },
      `${certificate.name}: the CA forbids its key (${error.message}); a new one is made, also with --reuse-key`,
    );
    await assertOwned(run, placed.row.id);
    removeOrderFiles(run.stateDir, String(placed.row.id));
    const unkept: CertificateRow = { ...certificate, reuse_key: false };
    const fresh = await orderKey(run, unkept, placed.row, run.stops.work);
    const again = { ...options, isRecorded: false };
    return { placed: await finalizeOrder(run, placed, fresh, again), files: fresh };
  }
}

function isForbiddenKey(error: unknown): error is AcmeLedgerError {
  if (!(error instanceof AcmeLedgerError) || !isProblem(error, 'badCSR', 'badPublicKey')) return false;
  return forbiddenKey.test(error.problem?.detail.slice(0, 500) ?? '');
}

function forbiddenInCsr({ name }: CertificateRow, error: AcmeLedgerError): AcmeLedgerError {
  return new AcmeLedgerError(
    error.code,
    `${name}: the CA forbids the key of the given CSR: ${error.message}`,
    {
      hint: 'make a new key and a CSR for it, and give that with --csr',
      cause: error,
      ...(error.problem === undefined ? {} : { problem: error.problem }),
      ...(error.httpStatus === undefined ? {} : { httpStatus: error.httpStatus }),
    },
  );
}
