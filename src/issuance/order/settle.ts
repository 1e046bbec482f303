import { removeOrderFiles } from '../../certificates/order-files.ts';
import { type AcmeLedgerError, errorRecord, hasCode } from '../../errors.ts';
import { later } from '../../clock.ts';
import { authorizationsOf } from '../../ledger/authorizations/authorizations.ts';
import { isLedgerFailure } from '../../ledger/ledger-failure.ts';
import { orderById, releaseOrder } from '../../ledger/orders/orders.ts';
import type { OrderEnd } from '../../ledger/orders/orders.ts';
import type { AuthorizationRow, OrderRow } from '../../ledger/schema.ts';
import { isSubmitted } from '../../ledger/states.ts';
import { allOrFirstError } from '../waiting/concurrency.ts';
import { closeAuthorization } from '../authorization/deactivation.ts';
import { settleUnwritten } from './settle-unwritten.ts';
import { takeDownAll, presentedFor } from '../answers/take-down.ts';
import type { AccountRun } from '../account-run.ts';
import type { UnsubmittedPolicy } from '../../policies.ts';
import { decideSubmitted, isUndecided, refresh } from '../authorization/verdicts.ts';
import { warningLevel } from '../waiting/warning-level.ts';

/**
 * Policy `resume`: how long an order waits for the next attempt for its names before nobody wants it
 * (docs/decisions.md#an-order-that-failed).
 */
const resumeForMs = 86_400_000;

export interface SettleOptions {
  policy: UnsubmittedPolicy;
  /** How long to wait for verdicts on submitted challenges. */
  verdictsUntil: Date;
  /** Why the attempt ended. */
  error?: unknown;
}

/**
 * Brings everything that an order opened to an end (promise 2) and gives the order up or keeps it for the
 * next attempt. Unsubmitted authorizations end by the policy, submitted ones by the CA's verdict, and answers
 * that are up are taken down. No error on the way is thrown: authorizations that stay open stay in the ledger
 * for the next run.
 * @returns the ledger's failure, if it can't be written any more, with the authorizations that stay open
 */
export async function settleOrder(
  run: AccountRun,
  order: OrderRow,
  options: SettleOptions,
): Promise<AcmeLedgerError | null> {
  const failures: AcmeLedgerError[] = [];
  if (isLedgerFailure(options.error)) failures.push(options.error);
  else if (isLossOfAccount(options.error))
    await tried(run, order, failures, () => giveUp(run, order, options));
  else await tried(run, order, failures, () => settleOwned(run, order, options, failures));
  const [failure] = failures;
  return failure === undefined ? null : settleUnwritten(run, order.id, failure, options);
}

async function settleOwned(
  run: AccountRun,
  order: OrderRow,
  options: SettleOptions,
  failures: AcmeLedgerError[],
): Promise<void> {
  const attempt = (act: () => Promise<void>): Promise<void> => tried(run, order, failures, act);
  const { grace } = run.stops;
  // A run that was asleep for longer than its lease may find its order taken over: the other run settles it.
  if ((await orderById(run.ledger, order.id))?.run_id !== run.runId) return;
  // The three run at once: after a signal there are seconds for them, and a request or hook that hangs must
  // not hold up the others.
  const first = await presentedFor(run, order.id, isDecided);
  await Promise.all([
    attempt(() => closeUnsubmitted(run, order, options.policy)),
    attempt(() => takeDownAll(run, first)),
    attempt(async () => {
      await decideSubmitted(run, order.id, options.verdictsUntil, grace);
    }),
  ]);
  // Verdicts and lost submits may have left more to close; under `resume` too, when they ended the order.
  const policy = (await canBecomeReady(run, order.id)) ? options.policy : 'deactivate';
  if (!grace.aborted) await attempt(() => closeUnsubmitted(run, order, policy));
  // A clean-up that failed just now would fail again: the next run tries.
  const attempted = new Set(first.map((row) => row.id));
  await attempt(async () => {
    const rest = await presentedFor(run, order.id);
    await takeDownAll(
      run,
      rest.filter((row) => !attempted.has(row.id)),
    );
  });
  await attempt(() => release(run, order.id, options));
}

function isLossOfAccount(error: unknown): boolean {
  return hasCode(error, 'ca-account');
}

/**
 * Gives up an order when the CA takes no more requests of the account: its authorizations end by expiring.
 */
async function giveUp(run: AccountRun, order: OrderRow, { error }: SettleOptions): Promise<void> {
  if ((await orderById(run.ledger, order.id))?.run_id !== run.runId) return;
  await takeDownAll(run, await presentedFor(run, order.id));
  await releaseOrder(run, order.id, { status: 'abandoned', keptUntil: null, error: errorRecord(error) });
  removeOrderFiles(run.stateDir, String(order.id));
}

async function tried(
  run: AccountRun,
  order: OrderRow,
  failures: AcmeLedgerError[],
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (isLedgerFailure(error)) {
      failures.push(error);
      return;
    }
    run.log[warningLevel(error)](
      { order: order.id, error: errorRecord(error) },
      'the order could not be settled whole; the next run or `acme-ledger authz clear` tries again',
    );
  }
}

/** RFC 8555 §7.1.6: one authorization that can't be valid any more makes the order invalid. */
async function canBecomeReady(run: AccountRun, orderId: number): Promise<boolean> {
  const order = await orderById(run.ledger, orderId);
  if (order?.status === 'invalid' || order?.status === 'abandoned') return false;
  const rows = await authorizationsOf(run.ledger, orderId);
  return rows.every((row) => row.status === 'pending' || row.status === 'valid');
}

async function closeUnsubmitted(run: AccountRun, order: OrderRow, policy: UnsubmittedPolicy): Promise<void> {
  if (policy === 'resume') return;
  const rows = await authorizationsOf(run.ledger, order.id);
  // An authorization that was never looked at may be a valid one that the CA reuses: such a one is never
  // deactivated (promise 4).
  await refresh(
    run,
    rows.filter((row) => row.checked_at === null),
  );
  const open = (await authorizationsOf(run.ledger, order.id)).filter(isUnsubmitted);
  await allOrFirstError(
    open.filter((row) => row.refused_at === null).map((row) => closeOne(run, order, row)),
  );
}

async function closeOne(run: AccountRun, order: OrderRow, row: AuthorizationRow): Promise<void> {
  const { outcome, reason, stop } = await closeAuthorization(run, row, {
    includeKept: false,
    exceptOrderId: order.id,
  });
  run.log.info({ order: order.id, authorization: row.url, outcome, reason }, 'not submitted, so settled');
  if (outcome !== 'failed') return;
  run.log[warningLevel(stop)](
    { authorization: row.url },
    'not deactivated; the next run or `acme-ledger authz clear` tries again',
  );
}

async function release(run: AccountRun, orderId: number, options: SettleOptions): Promise<void> {
  const order = await orderById(run.ledger, orderId);
  if (order?.run_id !== run.runId) return;
  const rows = await authorizationsOf(run.ledger, orderId);
  const end = orderEnd(order, rows, options.policy, run.clock.now());
  await releaseOrder(
    run,
    orderId,
    options.error === undefined ? end : { ...end, error: errorRecord(options.error) },
  );
  const after = await orderById(run.ledger, orderId);
  // The order's key is of no use any more: the certificate is stored with a copy, or will never be.
  if (after?.concluded_at !== null) removeOrderFiles(run.stateDir, String(orderId));
}

/** The state in which settling leaves the order, by the states of its authorizations. */
export function orderEnd(
  order: OrderRow,
  rows: readonly AuthorizationRow[],
  policy: UnsubmittedPolicy,
  now: Date,
): OrderEnd {
  if (order.status === 'intent' || order.status === 'valid') return {};
  if (order.concluded_at !== null) return { keptUntil: null };
  // RFC 8555 §7.1.6: one authorization that isn't valid any more makes the order invalid.
  if (rows.some((row) => ['invalid', 'expired', 'revoked'].includes(row.status))) {
    return { status: 'invalid', keptUntil: null };
  }
  if (rows.some((row) => row.status === 'deactivated')) return { status: 'abandoned', keptUntil: null };
  const open = rows.filter(isUnsubmitted);
  const resumeUntil = policy === 'resume' && open.length > 0 ? later(now, resumeForMs) : null;
  const isUnsettled = policy === 'deactivate' && open.some((row) => row.refused_at === null);
  if (isUnsettled || rows.length === 0) return { keptUntil: null };
  const expiresAt = order.expires_at ?? later(now, resumeForMs);
  return { keptUntil: resumeUntil !== null && resumeUntil < expiresAt ? resumeUntil : expiresAt };
}

function isUnsubmitted(row: AuthorizationRow): boolean {
  return row.status === 'pending' && !isSubmitted(row.challenge);
}

/** Whether the CA can't be validating the authorization any more, so that its answer can be taken down. */
function isDecided(row: AuthorizationRow): boolean {
  return !isUndecided(row);
}
