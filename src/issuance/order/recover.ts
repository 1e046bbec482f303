import { unusableOrder } from '../../acme/objects/order.ts';
import { readOrderFiles, removeOrderFiles } from '../../certificates/order-files.ts';
import { later } from '../../clock.ts';
import { AcmeLedgerError, errorRecord, messageOf } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import { authorizationsOf } from '../../ledger/authorizations/authorizations.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import { recordOrderAnswer, releaseOrder } from '../../ledger/orders/orders.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import { recordProvenOrder } from './authorize.ts';
import { collectCertificate, giveUpUncollected } from '../certificate/collect.ts';
import { canNeverBeStored, judged } from '../certificate/fetched-chain.ts';
import type { FinalizeOptions } from '../certificate/finalize.ts';
import { finalizeWithKey } from '../certificate/finalize-with-key.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import type { UnsubmittedPolicy } from '../../policies.ts';
import { areWanted, isFinalizedWith } from '../certificate/order-key.ts';
import { findLost } from './lost-order.ts';
import { currentOrder } from './place-order.ts';
import { cleanUpPresentations } from '../answers/take-down.ts';
import { settleOrder } from './settle.ts';
import { doneMeanwhile } from './stuck-order.ts';
import { takeOverOrder } from '../ownership/taking-over.ts';
import { refresh } from '../authorization/verdicts.ts';
import { isStillWanted } from './still-wanted.ts';

/**
 * How long settling waits for verdicts: more than a validation takes, for submits sent just before a run
 * died.
 */
const verdictWaitMs = 90_000;
type Waiting = Pick<FinalizeOptions, 'whileWaiting'>;

/**
 * Brings one order that this run has taken over to an end. An error is logged; the next run tries again.
 * @returns why the order has no end yet; null when it has one
 */
export async function recover(
  run: AccountRun,
  order: OrderRow,
  policy: UnsubmittedPolicy,
  waiting: Waiting = {},
): Promise<AcmeLedgerError | null> {
  run.log.info({ order: order.id, policy }, 'settling an order that an earlier run left');
  try {
    await recoverOrder(run, order, policy, waiting);
    return null;
  } catch (error) {
    run.log.warn(
      { order: order.id, error: errorRecord(error) },
      'an order of an earlier run could not be settled; the next run tries again',
    );
    await releaseOrder(run, order.id, {});
    return failureOf(error);
  }
}

export function failureOf(error: unknown): AcmeLedgerError {
  return error instanceof AcmeLedgerError ? error : new AcmeLedgerError('bug', messageOf(error));
}

/** Goes on with an order from the last step that is in the ledger. */
async function recoverOrder(
  run: AccountRun,
  order: OrderRow,
  policy: UnsubmittedPolicy,
  waiting: Waiting,
): Promise<void> {
  let current: OrderRow = order;
  // An order whose newOrder was lost may have come to the CA after it was given up.
  const isMissing = order.url === null && order.reserved > 0;
  if (order.concluded_at === null || isMissing) {
    const placed = await locate(run, order).catch((error: unknown) => unlessOpen(run, order, error));
    if (placed === 'unusable') return settleRest(run, order, 'deactivate');
    // The order is gone at the CA, and released. Its authorizations may be there for longer: they are settled
    // like those of any concluded order.
    if (placed === null && (await takeOverOrder(run, { ...order, run_id: null })) === null) return;
    if (placed !== null && (await finishIssued(run, placed, waiting))) return;
    current = placed?.row ?? order;
  }
  await settleRest(run, current, policy);
}

/**
 * An order whose answers can't be worked with comes to nothing, but its authorizations can be closed. An
 * order that was finalized may have come to a certificate.
 */
function unlessOpen(run: AccountRun, order: OrderRow, error: unknown): 'unusable' {
  if (unusableOrder(error) === null || order.finalize_sent_at !== null) throw error;
  run.log.warn({ order: order.id, error: errorRecord(error) }, 'what the order opened is closed');
  return 'unusable';
}

async function settleRest(run: AccountRun, current: OrderRow, policy: UnsubmittedPolicy): Promise<void> {
  const rows = await authorizationsOf(run.ledger, current.id);
  await refresh(
    run,
    rows.filter((row) => row.status === 'pending'),
  );
  const verdictsUntil = later(run.clock.now(), verdictWaitMs);
  const failure = await settleOrder(run, current, { policy, verdictsUntil });
  if (failure !== null) throw failure;
}

/** Finds the order at the CA. Null when the order is gone there or can't be found: it is released then. */
export async function locate(run: AccountRun, order: OrderRow): Promise<PlacedOrder | null> {
  if (order.url === null) return findLost(run, order, order.names.map(parseName), { mayRepeat: false });
  const answer = await currentOrder(run, order, order.url);
  if (answer === null) return null;
  return { row: await recordOrderAnswer(run, order, answer), answer };
}

/**
 * Finishes an order whose finalize was sent: a certificate that was paid for is fetched, never ordered again.
 */
async function finishIssued(run: AccountRun, found: PlacedOrder, waiting: Waiting): Promise<boolean> {
  if (found.row.finalize_sent_at === null) return false;
  const placed = await doneMeanwhile(run, found);
  if (placed === null) return true;
  if (placed.answer.status === 'invalid') return false;
  const certificate = await certificateByName(run.ledger, placed.row.certificate_name);
  const files = readOrderFiles(run.stateDir, String(placed.row.id));
  await cleanUpPresentations(run, placed.row.id);
  const isOfUse =
    certificate !== undefined &&
    files !== null &&
    placed.row.rehearsal === null &&
    (await isStillWanted(run, certificate, placed.row)) &&
    isFinalizedWith(files, placed.row) &&
    areWanted(files, certificate);
  if (!isOfUse) {
    if (await releaseOrder(run, placed.row.id, { status: 'abandoned', keptUntil: null }))
      removeOrderFiles(run.stateDir, String(placed.row.id));
    return true;
  }
  try {
    await recordProvenOrder(run, placed);
    const finalized = await finalizeWithKey(run, certificate, placed, files, waiting);
    await collectCertificate(run, certificate, finalized.placed.row, finalized.files);
  } catch (error) {
    if (!canNeverBeStored(judged(run, placed.row, error))) throw error;
    run.log.warn(
      { order: placed.row.id, error: errorRecord(error) },
      `${certificate.name}: its certificate can't be stored, so the order is given up; the next attempt makes another`,
    );
    await giveUpUncollected(run, placed.row, error);
  }
  return true;
}
