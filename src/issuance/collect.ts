import type { Chain } from '../acme/resources.ts';
import type { KeyObject } from 'node:crypto';
import { chooseChain } from '../certificates/chain-choice.ts';
import { runDeployHook } from '../certificates/deploy-hook.ts';
import { assertIssued } from '../certificates/issued-chain.ts';
import { removeUsedFiles } from '../certificates/order-files.ts';
import type { OrderFiles } from '../certificates/order-files.ts';
import { readStored, storeCertificate } from '../certificates/store.ts';
import { readCsr } from '../certificates/given-csr.ts';
import { publicKeyOf } from '../certificates/key.ts';
import { AcmeLedgerError } from '../errors.ts';
import { parseName } from '../identifiers.ts';
import { certificateByName, recordDeployed, recordStored } from '../ledger/certificates.ts';
import { releaseOrder } from '../ledger/orders.ts';
import type { CertificateRow, OrderRow } from '../ledger/schema.ts';
import { inTransaction } from '../ledger/writer.ts';
import type { Issuance } from './issuance.ts';

/**
 * Downloads the certificate of a valid order, checks that it is what was asked for, and puts it in place of the one before: the
 * order is concluded. That of a rehearsal isn't stored.
 * Safe to repeat: the certificate URL and the key are kept until it is stored.
 * @param download its chains, where they were asked for already
 * @throws AcmeLedgerError `store`, or what the CA said
 */
export async function collectCertificate(
  issuance: Issuance,
  certificate: CertificateRow,
  order: OrderRow,
  files: OrderFiles,
  download?: Promise<Chain[]>,
): Promise<void> {
  if (order.certificate_url === null)
    throw new AcmeLedgerError('order-failed', 'the order has no certificate URL');
  const [first, ...others] = await (download ?? downloadChains(issuance, certificate, order.certificate_url));
  if (first === undefined) throw new AcmeLedgerError('ca-answer', 'the CA answered no certificate chain');
  const wanted = wantedChain(issuance, certificate);
  const { chain, found } = chooseChain([first, ...others], wanted);
  if (!found) issuance.log.warn({ wanted }, 'the CA offers no such chain; its default is stored');
  const facts = assertIssued(chain.pem, {
    identifiers: namesOf(order).map(parseName),
    publicKey: await publicKeyIn(files),
    now: issuance.clock.wallNow(),
  });
  if (issuance.isRehearsal !== true) {
    await storeCertificate(issuance.stateDir, certificate.name, {
      chainPem: chain.pem,
      keyPem: files.keyPem,
    });
  }
  // First concluded, then without its key: the other way round a crash between them would leave it looking for one.
  await inTransaction(issuance, async (tx) => {
    if (issuance.isRehearsal !== true) {
      const issuedNames = fewerNames(certificate, order);
      await recordStored(tx, certificate.name, order.id, { ...facts, issuedNames });
      const stored = await certificateByName(tx.ledger, certificate.name);
      if (stored?.deploy_hook === null) await recordDeployed(tx, certificate.name);
    }
    await releaseOrder(tx, order.id, { status: 'valid', keptUntil: null, concluded: true });
  });
  removeUsedFiles(issuance.stateDir, String(order.id));
}

/** The chains that the certificate may be stored with (RFC 8555 §7.4.2). */
export function downloadChains(
  issuance: Issuance,
  certificate: CertificateRow,
  url: string,
): Promise<Chain[]> {
  const alternates = wantedChain(issuance, certificate) !== null;
  return issuance.session.downloadChains(url, { alternates }, issuance.stops.grace);
}

/** A staging has other chains. */
function wantedChain({ isRehearsal }: Issuance, certificate: CertificateRow): string | null {
  return isRehearsal === true ? null : certificate.preferred_chain;
}

async function publicKeyIn({ publicKey, keyPem, csrDer }: OrderFiles): Promise<KeyObject> {
  return publicKey ?? (keyPem === null ? (await readCsr(csrDer)).publicKey : publicKeyOf(keyPem));
}

/** Tells the person's program about the new certificate. @throws AcmeLedgerError `deploy-hook`: it stays due for the next run */
export async function deploy(issuance: Issuance, certificate: CertificateRow): Promise<void> {
  const stored =
    certificate.deploy_hook === null ? null : await readStored(issuance.stateDir, certificate.name);
  if (stored !== null && certificate.deploy_hook !== null) {
    await runDeployHook(
      { command: certificate.deploy_hook, certificate: stored, email: issuance.account.email },
      issuance.stops.work,
    );
  }
  await recordDeployed(issuance, certificate.name);
}

/** The order's names where they aren't all that are wanted. */
function fewerNames(certificate: CertificateRow, order: OrderRow): string[] | null {
  const issued = namesOf(order);
  return namesOf(certificate).every((name) => issued.includes(name)) ? null : issued;
}

export function namesOf(row: { names: string }): string[] {
  return JSON.parse(row.names) as string[];
}
