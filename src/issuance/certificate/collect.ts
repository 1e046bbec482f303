import type { Chain } from '../../acme/objects/resources.ts';
import { runDeployHook } from '../../certificates/deploy-hook.ts';
import { type IssuedFacts, shownList } from '../../certificates/issued-chain.ts';
import { removeOrderFiles, removeUsedFiles } from '../../certificates/order-files.ts';
import type { OrderFiles } from '../../certificates/order-files.ts';
import { prepareCertificate, readStored } from '../../certificates/store.ts';
import { errorRecord } from '../../errors.ts';
import { recordDeployed, recordStored } from '../../ledger/certificates/stored-certificates.ts';
import { ownedOrder, releaseOrder } from '../../ledger/orders/orders.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import { type StoreVerdict, storeVerdict } from '../../ledger/certificates/store-verdict.ts';
import { inTransaction, type LedgerWriter } from '../../ledger/writer.ts';
import { type FetchedChain, type FetchOptions, fetchIssued, canNeverBeStored } from './fetched-chain.ts';
import type { AccountRun } from '../account-run.ts';
import { supersededError } from './superseded.ts';

/**
 * Downloads the certificate of a valid order, checks it against the request, and puts it in place of the one
 * before: the order is concluded. What is wanted and the certificate in place are read again right before that, in
 * the transaction that records it. A certificate that isn't wanted any more, or is older than the one in
 * place, isn't stored. Safe to repeat: the certificate URL and the key are kept until the certificate is
 * stored. A certificate that can never be stored ends its order.
 * @param download the certificate's chains, where their download has begun already
 * @returns why the certificate wasn't stored, with the order concluded; `ours` when it was stored
 * @throws AcmeLedgerError `store`, `busy`, or the CA's error
 */
export async function collectCertificate(
  run: AccountRun,
  certificate: CertificateRow,
  order: OrderRow,
  files: OrderFiles,
  download?: Promise<Chain[]>,
): Promise<StoreVerdict> {
  const options = { preferredChain: certificate.preferred_chain, download };
  const fetched = await fetchOrGiveUp(run, order, files, options);
  const verdict = await store(run, certificate, order, { keyPem: files.keyPem, fetched });
  // The person has chosen another chain meanwhile.
  if (verdict.verdict === 'other-chain') return collectCertificate(run, verdict.now, order, files);
  removeUsedFiles(run.stateDir, String(order.id));
  if (verdict.verdict === 'ours' && fetched.facts.addedNames.length > 0)
    warnOfAdded(run, certificate, fetched.facts);
  return verdict;
}

/** The certificate of a valid order, checked; a certificate that can never be right ends its order. */
export async function fetchOrGiveUp(
  run: AccountRun,
  order: OrderRow,
  files: OrderFiles,
  options: FetchOptions,
): Promise<FetchedChain> {
  try {
    return await fetchIssued(run, order, files, options);
  } catch (error) {
    if (canNeverBeStored(error)) await giveUpUncollected(run, order, error);
    throw error;
  }
}

/** Gives up an order whose certificate will never be stored: the next attempt orders another. */
export async function giveUpUncollected(run: AccountRun, order: OrderRow, error: unknown): Promise<void> {
  const end = { status: 'abandoned', keptUntil: null, error: errorRecord(error) } as const;
  if (await releaseOrder(run, order.id, end)) removeOrderFiles(run.stateDir, String(order.id));
}

/**
 * Stores a certificate if it is still wanted. All checks and the swap of the files happen in one transaction:
 * another run that changes what is wanted, removes the certificate or takes the order over does so before, and is
 * heeded, or after. A run that dies within leaves the files of this order, and a ledger that doesn't say so:
 * the order isn't concluded then, and is collected again.
 */
async function store(
  run: AccountRun,
  certificate: CertificateRow,
  order: OrderRow,
  { keyPem, fetched }: { keyPem: string | null; fetched: FetchedChain },
): Promise<StoreVerdict> {
  const content = { chainPem: fetched.pem, keyPem };
  const prepared = await prepareCertificate(run.stateDir, certificate.name, content);
  const swap = { mayHaveBegun: false };
  try {
    // A run that was asleep for long may be taken for dead: the others' changes are in the ledger then.
    await run.assertLease();
    return await inTransaction(run, async (tx) => {
      await ownedOrder(tx, order.id);
      const verdict = await storeVerdict(tx, certificate, order);
      if (verdict.verdict === 'other-chain') return verdict;
      if (verdict.verdict === 'ours') {
        swap.mayHaveBegun = true;
        await prepared.swapIn();
        await recordInPlace(tx, certificate, order, fetched.facts);
      }
      const error = supersededError(certificate, order, verdict);
      await releaseOrder(tx, order.id, {
        status: 'valid',
        keptUntil: null,
        concluded: true,
        ...(error === null ? {} : { error: errorRecord(error) }),
      });
      return verdict;
    });
  } finally {
    if (!swap.mayHaveBegun) prepared.discard();
  }
}

async function recordInPlace(
  tx: LedgerWriter,
  certificate: CertificateRow,
  order: OrderRow,
  facts: IssuedFacts,
): Promise<void> {
  const issuedNames = fewerNames(certificate, order);
  const { storedAt, deployHook } = await recordStored(tx, certificate.name, order.id, {
    ...facts,
    issuedNames,
  });
  if (deployHook === null) await recordDeployed(tx, certificate.name, storedAt);
}

function warnOfAdded(run: AccountRun, { name }: CertificateRow, { addedNames }: IssuedFacts): void {
  run.log.warn(
    { added: addedNames },
    `${name}: the CA has added ${shownList(addedNames)}, which nobody asked for; the certificate is stored all the same`,
  );
}

/**
 * Tells the person's program about the new certificate.
 * @throws AcmeLedgerError `deploy-hook`: it stays due for the next run
 */
export async function deploy(run: AccountRun, certificate: CertificateRow): Promise<void> {
  const stored = certificate.deploy_hook === null ? null : await readStored(run.stateDir, certificate.name);
  if (stored !== null && certificate.deploy_hook !== null) {
    await runDeployHook(
      {
        command: certificate.deploy_hook,
        certificate: stored,
        email: run.account.email,
        runId: run.runId,
      },
      run.stops.work,
    );
  }
  await recordDeployed(run, certificate.name, certificate.stored_at);
}

/** The order's names where they aren't all the wanted names. */
function fewerNames(certificate: CertificateRow, order: OrderRow): readonly string[] | null {
  const issued = order.names;
  return certificate.names.every((name) => issued.includes(name)) ? null : issued;
}
