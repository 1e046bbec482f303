import { unusableOrder } from '../../acme/objects/order.ts';
import { readOrderFiles, removeOrderFiles } from '../../certificates/order-files.ts';
import { later } from '../../clock.ts';
import { isCaUnusable } from '../../error-kinds.ts';
import { AcmeLedgerError, errorRecord, messageOf } from '../../errors.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import { authorizationsOf } from '../../ledger/authorizations/authorizations.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import { failingAnywhere } from '../../ledger/names/failing-names.ts';
import { recordOrderAnswer, releaseOrder } from '../../ledger/orders/orders.ts';
import { unsettledOrders } from '../../ledger/orders/unsettled-orders.ts';
import { ordersLeftUp } from '../../ledger/orders/presentations.ts';
import { runsById } from '../../ledger/runs.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import { allOrFirstError } from '../waiting/concurrency.ts';
import { recordProvenOrder } from './authorize.ts';
import { collectCertificate, giveUpUncollected, namesOf } from '../certificate/collect.ts';
import { isHopeless, judged } from '../certificate/fetched-chain.ts';
import { finalizeWithKey } from '../certificate/finalize-with-key.ts';
import type { Issuance } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import type { UnsubmittedPolicy } from '../../policies.ts';
import { listedOnce } from './listed-once.ts';
import { isAlive } from '../ownership/lease.ts';
import { areWanted, isFinalizedWith } from '../certificate/order-key.ts';
import { findLost } from './lost-order.ts';
import { currentOrder } from './place-order.ts';
import { cleanUpPresentations } from '../answers/take-down.ts';
import { isKept } from '../ownership/protection.ts';
import { settleOrder } from './settle.ts';
import { doneMeanwhile, wasLookedAt } from './stuck-order.ts';
import { takeOverOrder } from '../ownership/taking-over.ts';
import { removeUselessKeys } from '../certificate/useless-keys.ts';
import { refresh } from '../authorization/verdicts.ts';

export interface RecoveryOptions {
  /** Orders that are kept for a resume, too. */
  evenKept: boolean;
  /** Orders for these sets of names are about to be worked on by this run. */
  exceptNamesKeys: ReadonlySet<string>;
  /** Asked after each order: whether that was enough. */
  isEnough?: () => Promise<boolean>;
}

/** More than a validation takes, for submits that a run sent just before it died. */
const verdictWaitMs = 90_000;
/** What begins to be taken down later is left for the next run; what has begun ends at its hook's own limit. */
const takeDownForMs = 60_000;

/**
 * Settles what nobody owns any more: orders of runs that died, and with `evenKept` those kept for a resume, oldest first.
 * @returns how many orders were brought to an end; and those that have one but for what a clean-up has failed to take down: that
 * frees nothing at the CA, and may take as long as a hook may, so it is for `takeDownLeft`, after the run's own work
 */
export async function settleUnowned(
  issuance: Issuance,
  options: RecoveryOptions,
): Promise<{ closed: number; leftUp: OrderRow[] }> {
  let closed = 0;
  await removeUselessKeys(issuance.ledger, issuance.stateDir);
  const unowned = await unownedOrders(issuance, options);
  const onlyLeftUp = await ordersLeftUp(issuance.ledger);
  // What the CA doesn't get on with is looked at once, after the run's own work, too.
  const leftUp = unowned.filter(
    ({ id, concluded_at, stuck_at }) => stuck_at !== null || (concluded_at !== null && onlyLeftUp.has(id)),
  );
  const listOrders = listedOnce(issuance.session, issuance.clock);
  const limited = { ...limitedTakingDown(issuance), listOrders };
  for (const order of unowned.filter((one) => !leftUp.includes(one))) {
    if (issuance.stops.work.aborted) break;
    const owned = await takeOverOrder(issuance, order);
    if (owned === null) continue;
    closed += 1;
    // What nobody took up in time, or room is wanted for, isn't kept for longer.
    const policy = options.evenKept || order.kept_until !== null ? 'deactivate' : issuance.policy;
    const failure = await recover(limited, owned, policy);
    if (failure !== null && isCaUnusable(failure)) break;
    if ((await options.isEnough?.()) === true) break;
  }
  return { closed, leftUp };
}

/** Tries again, as far as time allows, all at once: a hook that hangs isn't in the way of others. */
export async function takeDownLeft(issuance: Issuance, leftUp: readonly OrderRow[]): Promise<void> {
  const limited = limitedTakingDown(issuance);
  await allOrFirstError(
    leftUp.map(async (order) => {
      if (issuance.stops.work.aborted) return;
      const owned = await takeOverOrder(issuance, order);
      if (owned !== null) await recover(limited, owned, issuance.policy);
    }),
  );
}

function limitedTakingDown(issuance: Issuance): Issuance {
  const endsAt = later(issuance.clock.now(), takeDownForMs);
  return { ...issuance, mayTakeDown: () => issuance.clock.now() < endsAt };
}

/**
 * Brings one order that this run has taken over to an end. What goes wrong is logged; the next run tries again.
 * @returns why it has no end yet; null when it has one
 */
export async function recover(
  issuance: Issuance,
  order: OrderRow,
  policy: UnsubmittedPolicy,
): Promise<AcmeLedgerError | null> {
  issuance.log.info({ order: order.id, policy }, 'settling an order that an earlier run left');
  try {
    await recoverOrder(issuance, order, policy);
    return null;
  } catch (error) {
    issuance.log.warn(
      { order: order.id, error: errorRecord(error) },
      'an order of an earlier run could not be settled; the next run tries again',
    );
    await releaseOrder(issuance, order.id, {});
    return failureOf(error);
  }
}

export function failureOf(error: unknown): AcmeLedgerError {
  return error instanceof AcmeLedgerError ? error : new AcmeLedgerError('bug', messageOf(error));
}

/** Orders with something left to do that no live run works on. */
export async function unownedOrders(issuance: Issuance, options: RecoveryOptions): Promise<OrderRow[]> {
  const now = issuance.clock.now();
  const orders = await unsettledOrders(issuance.ledger, issuance.account.id, now);
  const runs = await runsById(issuance.ledger, [...new Set(orders.flatMap((order) => order.run_id ?? []))]);
  return orders.filter((order) => {
    if (order.run_id !== null && isAlive(runs.get(order.run_id), issuance.clock.wallNow())) return false;
    // One that is concluded can't be taken up by an attempt for its names: what it left is settled here.
    if (
      order.concluded_at === null &&
      order.stuck_at === null &&
      options.exceptNamesKeys.has(order.names_key)
    )
      return false;
    if (wasLookedAt(order, now)) return false;
    return options.evenKept || !isKept(order, now);
  });
}

/** Goes on from the last thing that was written. */
async function recoverOrder(issuance: Issuance, order: OrderRow, policy: UnsubmittedPolicy): Promise<void> {
  let current: OrderRow = order;
  // One whose newOrder was lost may have come to the CA after it was given up.
  const isMissing = order.url === null && order.reserved > 0;
  if (order.concluded_at === null || isMissing) {
    const placed = await locate(issuance, order).catch((error: unknown) =>
      unlessOpen(issuance, order, error),
    );
    if (placed === 'unusable') return settleRest(issuance, order, 'deactivate');
    // Gone at the CA, and released. What it opened may be there for longer: it is settled like that of any order that is concluded.
    if (placed === null && (await takeOverOrder(issuance, { ...order, run_id: null })) === null) return;
    if (placed !== null && (await finishIssued(issuance, placed))) return;
    current = placed?.row ?? order;
  }
  await settleRest(issuance, current, policy);
}

/** An order whose answers can't be worked with comes to nothing, but its authorizations can be closed. One that was finalized may have come to a certificate. */
function unlessOpen(issuance: Issuance, order: OrderRow, error: unknown): 'unusable' {
  if (unusableOrder(error) === null || order.finalize_sent_at !== null) throw error;
  issuance.log.warn({ order: order.id, error: errorRecord(error) }, 'what the order opened is closed');
  return 'unusable';
}

async function settleRest(issuance: Issuance, current: OrderRow, policy: UnsubmittedPolicy): Promise<void> {
  const rows = await authorizationsOf(issuance.ledger, current.id);
  await refresh(
    issuance,
    rows.filter((row) => row.status === 'pending'),
  );
  const verdictsUntil = later(issuance.clock.now(), verdictWaitMs);
  const failure = await settleOrder(issuance, current, { policy, verdictsUntil });
  if (failure !== null) throw failure;
}

/** Finds the order at the CA; null when it is gone there or can't be found: then it is released. */
export async function locate(issuance: Issuance, order: OrderRow): Promise<PlacedOrder | null> {
  if (order.url === null)
    return findLost(issuance, order, namesOf(order).map(parseName), { mayRepeat: false });
  const answer = await currentOrder(issuance, order, order.url);
  if (answer === null) return null;
  return { row: await recordOrderAnswer(issuance, order, answer), answer };
}

/** A certificate that was paid for is fetched, never ordered again: finalize was sent, and the key is there. */
async function finishIssued(issuance: Issuance, found: PlacedOrder): Promise<boolean> {
  if (found.row.finalize_sent_at === null) return false;
  const placed = await doneMeanwhile(issuance, found);
  if (placed === null) return true;
  if (placed.answer.status === 'invalid') return false;
  const certificate = await certificateByName(issuance.ledger, placed.row.certificate_name);
  const files = readOrderFiles(issuance.stateDir, String(placed.row.id));
  await cleanUpPresentations(issuance, placed.row.id);
  const isOfUse =
    certificate !== undefined &&
    files !== null &&
    placed.row.rehearsal === null &&
    (await isStillWanted(issuance, certificate, placed.row)) &&
    isFinalizedWith(files, placed.row) &&
    areWanted(files, certificate);
  if (!isOfUse) {
    if (await releaseOrder(issuance, placed.row.id, { status: 'abandoned', keptUntil: null }))
      removeOrderFiles(issuance.stateDir, String(placed.row.id));
    return true;
  }
  try {
    await recordProvenOrder(issuance, placed);
    const finalized = await finalizeWithKey(issuance, certificate, placed, files);
    await collectCertificate(issuance, certificate, finalized.placed.row, finalized.files);
  } catch (error) {
    if (!isHopeless(judged(issuance, placed.row, error))) throw error;
    issuance.log.warn(
      { order: placed.row.id, error: errorRecord(error) },
      `${certificate.name}: its certificate can't be stored, so the order is given up; the next attempt makes another`,
    );
    await giveUpUncollected(issuance, placed.row, error);
  }
  return true;
}

/**
 * Whether a clean-up leaves what a dead run's order opened to the next attempt for its names, as the run itself would have done at a signal
 * (policy `resume`): closing it would cost each name a failed validation.
 */
export async function isLeftToItsNames(issuance: Issuance, order: OrderRow): Promise<boolean> {
  if (issuance.policy !== 'resume' || order.concluded_at !== null || order.kept_until !== null) return false;
  const certificate = await certificateByName(issuance.ledger, order.certificate_name);
  return certificate !== undefined && isStillWanted(issuance, certificate, order);
}

/** The wish may have changed since, and a newer order may have brought what is in place. */
async function isStillWanted(
  { ledger, account }: Issuance,
  certificate: CertificateRow,
  order: OrderRow,
): Promise<boolean> {
  if (certificate.removed_at !== null || certificate.profile !== order.profile) return false;
  // At another CA than it is wanted from only a fallback ordered it, which is never for what has changed.
  if (certificate.ca !== account.ca && certificate.order_id === null) return false;
  if (certificate.order_id !== null && certificate.order_id > order.id) return false;
  const [wanted, ordered] = [namesOf(certificate), namesOf(order)];
  if (identifierSetKey(wanted.map(parseName)) === order.names_key) return true;
  // Ordered without names that fail (docs/decisions.md#dropping-names).
  const lacking = wanted.filter((name) => !ordered.includes(name));
  // Also at the staging where they failed to be rehearsed.
  const failing = await failingAnywhere(ledger, lacking);
  return ordered.every((name) => wanted.includes(name)) && lacking.every((name) => failing.has(name));
}
