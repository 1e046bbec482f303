import { readOrderFiles, removeOrderFiles } from '../../certificates/order-files.ts';
import { later, isSameTime } from '../../clock.ts';
import { AcmeLedgerError, hasCode } from '../../errors.ts';
import { type Identifier, parseName } from '../../identifiers.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import { isSameWanted } from '../../ledger/certificates/store-verdict.ts';
import { releaseOrder } from '../../ledger/orders/orders.ts';
import { recordStuck } from '../../ledger/orders/stuck-orders.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { awaitClosers } from '../authorization/closers.ts';
import { areWanted, isFinalizedWith } from '../certificate/order-key.ts';
import { isWindowOpen, lifeOf } from '../due/renewal-window.ts';
import { aboutOf } from '../waiting/obey-retry-after.ts';
import { giveBack } from '../limits/spending.ts';
import { placeOrder } from '../order/place-order.ts';
import { replacedBy } from '../order/replaces.ts';
import { settleOrder } from '../order/settle.ts';
import { isStuck } from '../order/stuck-order.ts';
import type { AdmittedOrder, PlacedOrder } from '../placed-order.ts';
import type { Ending } from './ending.ts';
import { admit } from './gate.ts';
import { mayOrderAgain } from './order-again.ts';
import { assertOrderable, takeUpLeft } from './order-refusal.ts';
import type { Places } from '../waiting/concurrency-level.ts';

/**
 * An order taken up may turn out to be over at the CA, or the CA may ask to come back a little later; then
 * there is another try.
 */
const placements = 4;

export interface PlaceOptions {
  /** The names of the order: all names of the certificate, or those that aren't known to fail. */
  names: readonly string[];
  waitMs: number;
  /** Leaves the reserve of new orders to orders that a person waits for. */
  leavesReserve?: boolean;
  /** An order of an earlier attempt whose certificate can't be had now is given up at once. */
  isForced?: boolean;
  ending: Ending;
  /** Where several certificates are worked on: lends this one's place to another while the CA takes its time. */
  whileWaiting?: Places['lend'] | undefined;
}

export type Placement =
  | { is: 'placed'; admitted: AdmittedOrder; placed: PlacedOrder }
  /** Another run has stored the certificate while this one waited for the order. */
  | { is: 'stored-meanwhile' }
  /** `admitted`: the last order that the gate let through; null when it let none. */
  | { is: 'failed'; admitted: AdmittedOrder | null; error: unknown };

/**
 * Brings an order for the names to the CA (RFC 8555 §7.4): a new one through the gate, or one that an earlier
 * attempt left.
 * Never throws: whatever goes wrong, the order that was let through is to be settled.
 */
export async function place(
  run: AccountRun,
  certificate: CertificateRow,
  options: PlaceOptions,
): Promise<Placement> {
  const deadline = later(run.clock.now(), options.waitMs);
  const about = aboutOf({ kind: 'newOrder', identifiers: options.names.map(parseName) });
  let admitted: AdmittedOrder | null = null;
  let faults = 0;
  try {
    await assertOrderable(run, certificate, options.names);
  } catch (error) {
    // What an earlier attempt opened for these names mustn't wait for an attempt that never comes.
    const left = await takeUpLeft(run, certificate, options.names).catch(() => null);
    return { is: 'failed', admitted: left, error };
  }
  try {
    for (let round = 1; round <= placements;) {
      // An outage of the CA is waited for first, so that no attempt holds an order meanwhile.
      await run.outage.pass('newOrder', run.stops.work);
      try {
        const waitMs = Math.max(0, deadline.getTime() - run.clock.now().getTime());
        admitted = await admitFor(run, certificate, { ...options, waitMs });
        const placed = await placeAdmitted(run, certificate, admitted, options);
        if (placed === 'stored-meanwhile') return { is: placed };
        if (placed !== null) return { is: 'placed', admitted, placed };
        round += 1;
      } catch (error) {
        faults += 1;
        if (await mayOrderAgain(run, admitted?.order ?? null, error, { about, faults })) continue;
        // The CA wants newOrder later, and the caller waits for as long: the gate does the waiting.
        const isWaitedFor =
          hasCode(error, 'ca-limit') && error.retryAt !== undefined && error.retryAt <= deadline;
        if (!isWaitedFor || round === placements) throw error;
        round += 1;
      }
    }
    throw allOver();
  } catch (error) {
    return { is: 'failed', admitted, error };
  }
}

function allOver(): AcmeLedgerError {
  return new AcmeLedgerError(
    'order-failed',
    'each order for these names was over at the CA before it could be worked on',
    { hint: 'acme-ledger order list' },
  );
}

async function admitFor(
  run: AccountRun,
  certificate: CertificateRow,
  { names, ending, ...options }: PlaceOptions,
): Promise<AdmittedOrder> {
  return admit(run, {
    certificateName: certificate.name,
    identifiers: names.map(parseName),
    profile: certificate.profile === '' ? null : certificate.profile,
    replaces: await replacedBy(run, certificate),
    rehearsal: ending.rehearsalOf(run, certificate, names),
    isInWindow: isWindowOpen(certificate, run.clock.now()),
    life: lifeOf(certificate),
    ...options,
  });
}

/** @returns null when the order was over: there may be another */
async function placeAdmitted(
  run: AccountRun,
  certificate: CertificateRow,
  admitted: AdmittedOrder,
  { names, isForced = false }: PlaceOptions,
): Promise<PlacedOrder | 'stored-meanwhile' | null> {
  // Another run has stored the certificate while this run waited: a new order would pay for it twice.
  if (admitted.isNew && (await isStoredSince(run, certificate))) {
    await giveBack(run, admitted.charges);
    await releaseOrder(run, admitted.order.id, { status: 'abandoned' });
    return 'stored-meanwhile';
  }
  const identifiers: readonly Identifier[] = names.map(parseName);
  const placed = await placeOrder(run, admitted, identifiers);
  if (placed === null) return null;
  const isWaitedFor = !isForced && !isStuck(placed.row, run.clock.now());
  if (placed.answer.status === 'processing' && !isWaitedFor) {
    const what = { order: placed.row.id, since: placed.row.finalize_sent_at };
    run.log.info(what, `${certificate.name}: the CA doesn't get on with its order; it is made anew`);
    await recordStuck(run, placed.row.id);
    return null;
  }
  if (!(await isOver(run, certificate, placed))) return placed;
  const verdictsUntil = run.clock.now();
  const failure = await settleOrder(run, placed.row, { policy: run.policy, verdictsUntil });
  if (failure !== null) throw failure;
  return null;
}

async function isOver(run: AccountRun, certificate: CertificateRow, placed: PlacedOrder): Promise<boolean> {
  return (
    placed.answer.status === 'invalid' ||
    (await hasLostItsKey(run, certificate, placed)) ||
    // Another run was closing an authorization when the CA gave it to this order: another is needed then.
    (await awaitClosers(run, placed.row.id)).isSpent
  );
}

async function isStoredSince(run: AccountRun, certificate: CertificateRow): Promise<boolean> {
  const now = await certificateByName(run.ledger, certificate.name);
  return (
    now !== undefined && !isSameTime(now.stored_at, certificate.stored_at) && isSameWanted(now, certificate)
  );
}

/**
 * Whether the order was finalized with a key that is gone, or isn't the wanted key now. Its certificate is of
 * no use to anybody, so the order is given up.
 */
async function hasLostItsKey(
  run: AccountRun,
  certificate: CertificateRow,
  { row }: PlacedOrder,
): Promise<boolean> {
  if (row.finalize_sent_at === null) return false;
  const files = readOrderFiles(run.stateDir, String(row.id));
  if (files !== null && isFinalizedWith(files, row) && areWanted(files, certificate)) return false;
  if (await releaseOrder(run, row.id, { status: 'abandoned', keptUntil: null }))
    removeOrderFiles(run.stateDir, String(row.id));
  return true;
}
