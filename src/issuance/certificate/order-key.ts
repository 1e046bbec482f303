import { readFile } from 'node:fs/promises';
import { createCsr } from '../../certificates/csr.ts';
import { generateKey, keyTypeOf, pemOf, privateKeyOf, publicKeyOf } from '../../certificates/key.ts';
import type { KeyType } from '../../certificates/key.ts';
import type { OrderFiles } from '../../certificates/order-files.ts';
import { csrDigest, isPair, prepareOrderFiles, removeOrderFiles } from '../../certificates/order-files.ts';
import { readStored } from '../../certificates/store.ts';
import { untilAborted } from '../../system/until-aborted.ts';
import { parseName } from '../../identifiers.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import { assertOwned } from '../ownership/guards.ts';
import type { AccountRun } from '../account-run.ts';

/**
 * The key and the CSR that the order is finalized with, on disk when this returns (promise 1). A resumed
 * order keeps its key and CSR: a finalize may have been sent with them.
 * @param signal when it is aborted, nothing more is written
 * @throws AcmeLedgerError `store`; `busy` when another run took the order over; the signal's reason
 */
export async function orderKey(
  run: AccountRun,
  certificate: CertificateRow,
  order: OrderRow,
  signal: AbortSignal,
): Promise<OrderFiles> {
  const assertOurs = (): Promise<OrderRow> => assertOwned(run, order.id);
  // The files aren't needed before a finalize was sent, and what is wanted may have changed since they were made.
  if ((await assertOurs()).finalize_sent_at === null) removeOrderFiles(run.stateDir, String(order.id));
  return prepareOrderFiles(
    run.stateDir,
    String(order.id),
    () => untilAborted(() => makeFiles(run, certificate, order), signal),
    assertOurs,
  );
}

/**
 * Whether the order was finalized with these files: others may lie there, put there by hand or at another
 * time, and no certificate is issued for those.
 */
export function isFinalizedWith(
  files: OrderFiles,
  { csr_sha256: sent }: Pick<OrderRow, 'csr_sha256'>,
): boolean {
  return isPair(files) && (sent === null || sent === csrDigest(files));
}

/** Whether these files fit what is wanted, which may have changed since an order was finalized with them. */
export function areWanted(files: OrderFiles, certificate: CertificateRow): boolean {
  if (certificate.csr !== null) return files.csrDer.equals(Buffer.from(certificate.csr, 'base64'));
  return files.keyPem !== null && keyTypeOf(publicKeyOf(files.keyPem)) === certificate.key_type;
}

async function makeFiles(run: AccountRun, certificate: CertificateRow, order: OrderRow): Promise<OrderFiles> {
  if (certificate.csr !== null) return { keyPem: null, csrDer: Buffer.from(certificate.csr, 'base64') };
  const kept = await keptKey(run, certificate);
  const key = kept === null ? await generateKey(certificate.key_type as KeyType) : privateKeyOf(kept);
  const csrDer = await createCsr(order.names.map(parseName), key);
  return { keyPem: kept ?? pemOf(key), csrDer, publicKey: publicKeyOf(key) };
}

/** `--reuse-key`: the key of the certificate that stands, as long as it is of the type asked for. */
async function keptKey(run: AccountRun, certificate: CertificateRow): Promise<string | null> {
  if (!certificate.reuse_key) return null;
  const stored = await readStored(run.stateDir, certificate.name);
  const file = stored?.keyType === certificate.key_type ? stored.paths.privkey : null;
  return file === null ? null : readFile(file, 'utf8');
}
