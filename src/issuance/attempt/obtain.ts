import type { Chain } from '../../acme/objects/resources.ts';
import { readOrderFiles, removeOrderFiles } from '../../certificates/order-files.ts';
import { later } from '../../clock.ts';
import { AcmeLedgerError, errorRecord, hasCode } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import { orderById, releaseOrder } from '../../ledger/orders/orders.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import { recordStuck } from '../../ledger/orders/stuck-orders.ts';
import { isSameWanted, type StoreVerdict } from '../../ledger/certificates/store-verdict.ts';
import { allOrFirstError } from '../waiting/concurrency.ts';
import { type Attempt, endInFailure } from './attempt.ts';
import { authorizeAndMakeKey } from '../certificate/authorize-with-key.ts';
import { collectCertificate, giveUpUncollected } from '../certificate/collect.ts';
import { deployOrLeave } from '../certificate/deploy.ts';
import { downloadChains, isHopeless, isUncollected, judged } from '../certificate/fetched-chain.ts';
import { finalizeWithKey } from '../certificate/finalize-with-key.ts';
import { awaitClosers } from '../authorization/closers.ts';
import { admit } from './gate.ts';
import { aboutOf } from '../limits/heedful-session.ts';
import type { Issuance } from '../account-run.ts';
import type { AdmittedOrder, PlacedOrder } from '../placed-order.ts';
import { mayOrderAgain } from './order-again.ts';
import { areWanted, isFinalizedWith } from '../certificate/order-key.ts';
import { placeOrder } from '../order/place-order.ts';
import { isWindowOpen, lifeOf } from '../due/renewal-window.ts';
import { replacedBy } from '../order/replaces.ts';
import { cleanUpPresentations } from '../answers/take-down.ts';
import { settleOrder } from '../order/settle.ts';
import { giveBack } from '../limits/spending.ts';
import { isStuck } from '../order/stuck-order.ts';
import { isFreed } from '../authorization/stuck-validation.ts';
import { supersededError } from '../certificate/superseded.ts';
import { validationMs } from '../authorization/verdicts.ts';

export type { Attempt } from './attempt.ts';

/** An order taken up may turn out to be over at the CA, or the CA may ask to come back a little later; then there is another try. */
const placements = 4;

export interface ObtainOptions {
  /** What the order is for: all names of the certificate, or those that aren't known to fail. */
  names: readonly string[];
  waitMs: number;
  /** Leaves the reserve of new orders to what a person waits for. */
  leavesReserve?: boolean;
  /** An order of an earlier attempt whose certificate can't be had now is given up at once. */
  isForced?: boolean;
}

/**
 * One attempt to obtain one certificate (steps 2 to 9 of ARCHITECTURE.md). Whatever happens, everything it opened is settled when this returns, and
 * the certificate that stood before stands until the new one replaces it.
 */
export async function obtain(
  issuance: Issuance,
  certificate: CertificateRow,
  options: ObtainOptions,
): Promise<Attempt> {
  let attempt = await obtainOnce(issuance, certificate, options);
  // What an earlier run left was of no use, and is given up: this one hasn't ordered anything yet.
  if (attempt === 'order-again')
    attempt = await obtainOnce(issuance, certificate, { ...options, isSecond: true });
  if (attempt === 'order-again') throw new AcmeLedgerError('bug', 'a second attempt asked for a third');
  return attempt;
}

async function obtainOnce(
  issuance: Issuance,
  certificate: CertificateRow,
  options: ObtainOptions & { isSecond?: boolean },
): Promise<Attempt | 'order-again'> {
  let admitted: AdmittedOrder | null = null;
  try {
    const placed = await place(issuance, certificate, options, (one) => {
      admitted = one;
    });
    if (placed === 'stored-meanwhile') return await storedMeanwhile(issuance, certificate);
    issuance.log.info({ order: placed.row.id, url: placed.answer.url }, `${certificate.name}: has its order`);
    const verdict = await complete(issuance, certificate, placed);
    const orderId = placed.row.id;
    if (issuance.isRehearsal === true) return { status: 'issued', certificate, orderId, error: null };
    if (verdict.verdict === 'newer') return await storedMeanwhile(issuance, certificate);
    const superseded = supersededError(certificate, placed.row, verdict);
    if (superseded !== null) throw superseded;
    const stored = (await certificateByName(issuance.ledger, certificate.name)) ?? certificate;
    return {
      status: 'issued',
      certificate: stored,
      orderId,
      error: await deployOrLeave(issuance, stored),
    };
  } catch (error) {
    // What was assigned in a callback isn't seen by the compiler.
    const had = admitted as AdmittedOrder | null;
    if (had !== null && (await isGivenUp(issuance, had, options, error))) return 'order-again';
    return await endInFailure(issuance, certificate, had?.order ?? null, error);
  }
}

/**
 * Whether nothing can be had of the order any more, because it was an earlier attempt's, or the CA is at a validation of it without end: then it
 * is over, and another one can be made.
 */
async function isGivenUp(
  issuance: Issuance,
  { order: { id }, isNew }: AdmittedOrder,
  { isForced = false, isSecond = false }: ObtainOptions & { isSecond?: boolean },
  error: unknown,
): Promise<boolean> {
  if (isSecond || issuance.stops.work.aborted) return false;
  if (isFreed(error)) return isSettledForAnother(issuance, id, error);
  if (isNew) return false;
  const order = await orderById(issuance.ledger, id);
  if (order === undefined) return false;
  if (!isHopeless(judged(issuance, order, error)) && !(isForced && isUncollected(order, error))) return false;
  issuance.log.warn({ order: id, error: errorRecord(error) }, 'the order is given up, and made anew');
  await giveUpUncollected(issuance, order, error);
  return true;
}

async function isSettledForAnother(issuance: Issuance, id: number, error: AcmeLedgerError): Promise<boolean> {
  const order = await orderById(issuance.ledger, id);
  if (order === undefined) return false;
  issuance.log.warn({ order: id, error: errorRecord(error) }, `${error.message}; it is ordered anew`);
  const verdictsUntil = later(issuance.clock.now(), validationMs);
  return (await settleOrder(issuance, order, { policy: issuance.policy, verdictsUntil, error })) === null;
}

async function place(
  issuance: Issuance,
  certificate: CertificateRow,
  options: ObtainOptions,
  onAdmitted: (admitted: AdmittedOrder) => void,
): Promise<PlacedOrder | 'stored-meanwhile'> {
  const deadline = later(issuance.clock.now(), options.waitMs);
  const about = aboutOf({ kind: 'newOrder', identifiers: options.names.map(parseName) });
  let order: OrderRow | null = null;
  const admitted = (one: AdmittedOrder): void => {
    ({ order } = one);
    onAdmitted(one);
  };
  let faults = 0;
  for (let round = 1; round <= placements;) {
    // Before anything is written down for it: nothing waits for a CA that is out of order with an order in hand.
    await issuance.outage.pass('newOrder', issuance.stops.work);
    try {
      const waitMs = Math.max(0, deadline.getTime() - issuance.clock.now().getTime());
      const placed = await placeOnce(issuance, certificate, { ...options, waitMs }, admitted);
      if (placed !== null) return placed;
      round += 1;
    } catch (error) {
      faults += 1;
      if (await mayOrderAgain(issuance, order, error, { about, faults })) continue;
      // The CA wants it later, and the person waits for as long: the gate does the waiting.
      const mayWait = isLimit(error) && error.retryAt !== undefined && error.retryAt <= deadline;
      if (!mayWait || round === placements) throw error;
      round += 1;
    }
  }
  throw new AcmeLedgerError(
    'order-failed',
    'each order for these names was over at the CA before it could be worked on',
    {
      hint: 'acme-ledger order list',
    },
  );
}

/** @returns null when the order that was taken up was over: there may be another */
async function placeOnce(
  issuance: Issuance,
  certificate: CertificateRow,
  options: ObtainOptions,
  onAdmitted: (admitted: AdmittedOrder) => void,
): Promise<PlacedOrder | 'stored-meanwhile' | null> {
  const identifiers = options.names.map(parseName);
  const admitted = await admit(issuance, {
    certificateName: certificate.name,
    identifiers,
    profile: certificate.profile === '' ? null : certificate.profile,
    replaces: await replacedBy(issuance, certificate),
    rehearsal: issuance.isRehearsal === true ? certificate.settings : null,
    isInWindow: isWindowOpen(certificate, issuance.clock.now()),
    life: lifeOf(certificate),
    ...options,
  });
  onAdmitted(admitted);
  // Another run had the order for these names while we waited for it: a second certificate would be paid for twice.
  if (admitted.isNew && (await isStoredSince(issuance, certificate))) {
    await giveBack(issuance, admitted.charges);
    await releaseOrder(issuance, admitted.order.id, { status: 'abandoned' });
    return 'stored-meanwhile';
  }
  const placed = await placeOrder(issuance, admitted, identifiers);
  if (placed === null) return null;
  const isWaitedFor = options.isForced !== true && !isStuck(placed.row, issuance.clock.now());
  if (placed.answer.status === 'processing' && !isWaitedFor) {
    const what = { order: placed.row.id, since: placed.row.finalize_sent_at };
    issuance.log.info(what, `${certificate.name}: the CA doesn't get on with its order; it is made anew`);
    await recordStuck(issuance, placed.row.id);
    return null;
  }
  const isOver =
    placed.answer.status === 'invalid' ||
    (await hasLostItsKey(issuance, certificate, placed)) ||
    // What another run was closing when the CA gave it to this order: there is another order then.
    (await awaitClosers(issuance, placed.row.id)).isSpent;
  if (!isOver) return placed;
  const verdictsUntil = issuance.clock.now();
  const failure = await settleOrder(issuance, placed.row, { policy: issuance.policy, verdictsUntil });
  if (failure !== null) throw failure;
  return null;
}

function isLimit(error: unknown): error is AcmeLedgerError {
  return hasCode(error, 'ca-limit');
}

async function isStoredSince(issuance: Issuance, certificate: CertificateRow): Promise<boolean> {
  const now = await certificateByName(issuance.ledger, certificate.name);
  return now !== undefined && now.stored_at !== certificate.stored_at && isSameWanted(now, certificate);
}

async function storedMeanwhile(issuance: Issuance, certificate: CertificateRow): Promise<Attempt> {
  const stored = (await certificateByName(issuance.ledger, certificate.name)) ?? certificate;
  return { status: 'issued', certificate: stored, orderId: null, error: null };
}

/** It was finalized with a key that isn't there any more, or isn't the one wanted now: its certificate is of no use to anybody. */
async function hasLostItsKey(
  issuance: Issuance,
  certificate: CertificateRow,
  { row }: PlacedOrder,
): Promise<boolean> {
  if (row.finalize_sent_at === null) return false;
  const files = readOrderFiles(issuance.stateDir, String(row.id));
  if (files !== null && isFinalizedWith(files, row) && areWanted(files, certificate)) return false;
  if (await releaseOrder(issuance, row.id, { status: 'abandoned', keptUntil: null }))
    removeOrderFiles(issuance.stateDir, String(row.id));
  return true;
}

async function complete(
  issuance: Issuance,
  certificate: CertificateRow,
  placed: PlacedOrder,
): Promise<StoreVerdict> {
  const { authorized, files, isFinalizeRecorded } = await authorizeAndMakeKey(issuance, certificate, placed);
  issuance.log.info({ order: placed.row.id }, `${certificate.name}: every name is proven`);
  let download = null as Promise<Chain[]> | null;
  const onIssued = (url: string): void => {
    download = downloadChains(issuance, certificate, url);
    download.catch(() => undefined); // it is awaited below, where its failure counts
  };
  const ending = allOrFirstError([
    finalizeWithKey(issuance, certificate, authorized, files, { isRecorded: isFinalizeRecorded, onIssued }),
    cleanUpPresentations(issuance, placed.row.id),
  ] as const);
  // Whatever fails, no request is left behind.
  const [finalized] = await ending.finally(() => download?.catch(() => undefined));
  const collected = await collectCertificate(
    issuance,
    certificate,
    finalized.placed.row,
    finalized.files,
    download ?? undefined,
  );
  const outcome = issuance.isRehearsal === true ? 'its rehearsal is over' : 'the certificate is stored';
  if (collected.verdict === 'ours')
    issuance.log.info({ order: placed.row.id }, `${certificate.name}: ${outcome}`);
  return collected;
}
