import type { Chain } from '../acme/resources.ts';
import type { OrderFiles } from '../certificates/order-files.ts';
import { readOrderFiles, removeOrderFiles } from '../certificates/order-files.ts';
import { parseSolverSettings } from '../challenges/settings.ts';
import { later } from '../clock.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { ErrorRecord } from '../errors.ts';
import { parseName } from '../identifiers.ts';
import { certificateByName } from '../ledger/certificates.ts';
import { recordFailed } from '../ledger/certificate-failures.ts';
import { isLedgerFailure } from '../ledger/ledger-failure.ts';
import { orderById, recordFinalizeSent, releaseOrder } from '../ledger/orders.ts';
import type { CertificateRow, OrderRow } from '../ledger/schema.ts';
import { lostOwnership } from '../ledger/writer.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import { authorize } from './authorize.ts';
import { collectCertificate, downloadChains } from './collect.ts';
import { deployOrLeave } from './deploying.ts';
import { finalizeOrder } from './finalize.ts';
import { awaitClosers } from './closers.ts';
import { admit } from './gate.ts';
import type { Issuance, PlacedOrder } from './issuance.ts';
import { areWanted, orderKey } from './order-key.ts';
import { placeOrder } from './place-order.ts';
import { isWindowOpen, lifeOf } from './renewal-window.ts';
import { replacedBy } from './replacing.ts';
import { cleanUpPresentations } from './presenting.ts';
import { settleOrder } from './settle.ts';
import { giveBack } from './spending.ts';

export interface Attempt {
  /** `deferred`: not now (the gate, a limit of the CA, another run); nothing is lost. */
  status: 'issued' | 'failed' | 'deferred';
  /** As it stands in the ledger afterwards. */
  certificate: CertificateRow;
  /** Null when the gate let none through. */
  orderId: number | null;
  error: ErrorRecord | null;
  /** It ended with its rehearsal: the CA wasn't asked. */
  isOfRehearsal?: boolean;
}

/** How long settling waits for verdicts on what was submitted: a validation takes no longer. */
const verdictWaitMs = 60_000;
/** After a signal a verdict is worth less than the time to take everything down. */
const interruptedWaitMs = 1_500;
/** An order taken up may turn out to be over at the CA, or the CA may ask to come back a little later; then there is another try. */
const placements = 4;

export interface ObtainOptions {
  /** What the order is for: all names of the certificate, or those that aren't known to fail. */
  names: readonly string[];
  waitMs: number;
  /** Leaves the reserve of new orders to what a person waits for. */
  leavesReserve?: boolean;
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
  let order: OrderRow | null = null;
  try {
    const placed = await place(issuance, certificate, options, (admitted) => {
      order = admitted;
    });
    if (placed === 'stored-meanwhile') return await storedMeanwhile(issuance, certificate);
    issuance.log.info({ order: placed.row.id, url: placed.answer.url }, `${certificate.name}: has its order`);
    await complete(issuance, certificate, placed);
    if (issuance.isRehearsal === true)
      return { status: 'issued', certificate, orderId: placed.row.id, error: null };
    const stored = (await certificateByName(issuance.ledger, certificate.name)) ?? certificate;
    return {
      status: 'issued',
      certificate: stored,
      orderId: placed.row.id,
      error: await deployOrLeave(issuance, stored),
    };
  } catch (error) {
    return await endInFailure(issuance, certificate, order, error);
  }
}

async function place(
  issuance: Issuance,
  certificate: CertificateRow,
  options: ObtainOptions,
  onAdmitted: (order: OrderRow) => void,
): Promise<PlacedOrder | 'stored-meanwhile'> {
  const deadline = later(issuance.clock.now(), options.waitMs);
  for (let round = 1; round <= placements; round += 1) {
    try {
      const waitMs = Math.max(0, deadline.getTime() - issuance.clock.now().getTime());
      const placed = await placeOnce(issuance, certificate, { ...options, waitMs }, onAdmitted);
      if (placed !== null) return placed;
    } catch (error) {
      // The CA wants it later, and the person waits for as long: the gate does the waiting.
      const mayWait = isLimit(error) && error.retryAt !== undefined && error.retryAt <= deadline;
      if (!mayWait || round === placements) throw error;
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
  onAdmitted: (order: OrderRow) => void,
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
  onAdmitted(admitted.order);
  // Another run had the order for these names while we waited for it: a second certificate would be paid for twice.
  if (admitted.isNew && (await isStoredSince(issuance, certificate))) {
    await giveBack(issuance, admitted.charges);
    await releaseOrder(issuance, admitted.order.id, { status: 'abandoned' });
    return 'stored-meanwhile';
  }
  const placed = await placeOrder(issuance, admitted, identifiers);
  if (placed === null) return null;
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
  return error instanceof AcmeLedgerError && error.code === 'ca-limit';
}

async function isStoredSince(issuance: Issuance, certificate: CertificateRow): Promise<boolean> {
  const now = await certificateByName(issuance.ledger, certificate.name);
  return now !== undefined && now.stored_at !== certificate.stored_at && now.names === certificate.names;
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
  if (files !== null && areWanted(files, certificate)) return false;
  if (await releaseOrder(issuance, row.id, { status: 'abandoned', keptUntil: null }))
    removeOrderFiles(issuance.stateDir, String(row.id));
  return true;
}

async function complete(issuance: Issuance, certificate: CertificateRow, placed: PlacedOrder): Promise<void> {
  const { authorized, files, isFinalizeRecorded } = await authorizeAndMakeKey(issuance, certificate, placed);
  issuance.log.info({ order: placed.row.id }, `${certificate.name}: every name is proven`);
  let download = null as Promise<Chain[]> | null;
  const onIssued = (url: string): void => {
    download = downloadChains(issuance, certificate, url);
    download.catch(() => undefined); // it is awaited below, where its failure counts
  };
  const ending = allOrFirstError([
    finalizeOrder(issuance, authorized, files, { isRecorded: isFinalizeRecorded, onIssued }),
    cleanUpPresentations(issuance, placed.row.id),
  ] as const);
  // Whatever fails, no request is left behind.
  const [finalized] = await ending.finally(() => download?.catch(() => undefined));
  await collectCertificate(issuance, certificate, finalized.row, files, download ?? undefined);
  const outcome = issuance.isRehearsal === true ? 'its rehearsal is over' : 'the certificate is stored';
  issuance.log.info({ order: placed.row.id }, `${certificate.name}: ${outcome}`);
}

interface Authorized {
  authorized: PlacedOrder;
  files: OrderFiles;
  /** With the key on disk, what comes next is finalize. */
  isFinalizeRecorded: boolean;
}

/** The key is made while the CA validates. */
async function authorizeAndMakeKey(
  issuance: Issuance,
  certificate: CertificateRow,
  placed: PlacedOrder,
): Promise<Authorized> {
  const settings = parseSolverSettings(JSON.parse(certificate.settings));
  const givenUp = new AbortController();
  let making = null as Promise<OrderFiles> | null;
  let [isMade, isFinalizeRecorded] = [false, false];
  const makeKey = (): Promise<OrderFiles> =>
    (making ??= orderKey(issuance, certificate, placed.row, givenUp.signal).then((files) => {
      isMade = true;
      return files;
    }));
  try {
    const authorized = await authorize(issuance, placed, settings, {
      onWaiting() {
        makeKey().catch(() => undefined); // it is awaited below, where its failure counts
      },
      async alsoRecord(writer, { status }) {
        if (!isMade || status !== 'ready') return;
        await recordFinalizeSent(writer, placed.row.id);
        isFinalizeRecorded = true;
      },
    });
    return { authorized, files: await makeKey(), isFinalizeRecorded };
  } catch (error) {
    // Settling removes the order's files: none may be written behind it.
    givenUp.abort();
    await making?.catch(() => undefined);
    throw error;
  }
}

async function endInFailure(
  issuance: Issuance,
  certificate: CertificateRow,
  order: OrderRow | null,
  error: unknown,
): Promise<Attempt> {
  if (errorRecord(error).code === 'bug')
    issuance.log.error({ stack: error instanceof Error ? error.stack : null }, 'a bug');
  const taken = await takenOver(issuance, order);
  const failure = order === null || taken !== null ? null : await settleFailed(issuance, order, error);
  const record = errorRecord(taken ?? failure ?? error);
  // With an order, what its end left open is to be told; without one the ledger's own words are enough. What another run works on is
  // none of the certificate's failures, and may have become its success by now.
  if (record.code !== 'busy' && issuance.isRehearsal !== true)
    await recordFailed(issuance, certificate, record).catch((unwritten: unknown) => {
      if (failure === null) throw unwritten;
    });
  return {
    status: isDeferral(record) ? 'deferred' : 'failed',
    certificate: (await certificateByName(issuance.ledger, certificate.name)) ?? certificate,
    orderId: order?.id ?? null,
    error: record,
  };
}

/** The run that has the order now tells what comes of it, whatever this one met when it woke. */
async function takenOver(issuance: Issuance, order: OrderRow | null): Promise<AcmeLedgerError | null> {
  if (order === null) return null;
  const now = await orderById(issuance.ledger, order.id).catch(() => undefined);
  const isOthers = now !== undefined && now.run_id !== null && now.run_id !== issuance.runId;
  return isOthers ? lostOwnership(order.id) : null;
}

/** @returns the ledger's failure, which is told instead of what the attempt ended by */
async function settleFailed(
  issuance: Issuance,
  order: OrderRow,
  error: unknown,
): Promise<AcmeLedgerError | null> {
  const waitMs = issuance.stops.work.aborted ? interruptedWaitMs : verdictWaitMs;
  const verdictsUntil = later(issuance.clock.now(), waitMs);
  const failure = await settleOrder(issuance, order, { policy: issuance.policy, verdictsUntil, error });
  if (failure !== null && !isLedgerFailure(error))
    issuance.log.warn({ order: order.id, error: errorRecord(error) }, 'the attempt had failed by itself');
  return failure;
}

function isDeferral(error: ErrorRecord): boolean {
  return ['gate-full', 'busy', 'ca-limit', 'account-paused', 'not-yet'].includes(error.code);
}
