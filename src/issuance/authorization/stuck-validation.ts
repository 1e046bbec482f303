import type { Authorization } from '../../acme/objects/resources.ts';
import { later } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { authorizationsOf, nameProven } from '../../ledger/authorizations/authorizations.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import { recordNotSubmitted } from '../../ledger/orders/submissions.ts';
import { closeAuthorization, isTaken } from './deactivation.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { validationTimeoutMs } from '../order/name-failures.ts';
import { isUndecided, refresh } from './verdicts.ts';

/*
 * Validations that the CA has begun and doesn't end, because its process died meanwhile. Boulder shows such
 * an authorization as `pending` until it expires, and hands it out with each new order for its name. It takes
 * the challenge anew, or (with SetAuthzProcessing) answers every further submit 409 "being validated"; then
 * only another authorization helps.
 */

/**
 * Marks challenges as unsubmitted that the CA took longer ago than a validation may last, and shows
 * untouched: they are submitted anew.
 * @param shown the order's authorizations as the CA has just shown them
 * @returns the rows of the authorizations, as they are then
 */
export async function takeBackForgotten(
  run: AccountRun,
  orderId: number,
  rows: readonly AuthorizationRow[],
  shown: readonly Authorization[],
): Promise<AuthorizationRow[]> {
  const untouched = new Set(shown.filter(isUntouched).map(({ url }) => url));
  const [own, wall] = [run.clock.now(), run.clock.wallNow()];
  // Another run may have written when it was taken, by a machine's clock that was set back since this run began.
  const now = wall < own ? wall : own;
  return Promise.all(
    rows.map(async (row) => {
      const { id, url, challenge, submitted_at: takenAt } = row;
      if (challenge !== 'submitted' || takenAt === null || !untouched.has(url)) return row;
      if (later(takenAt, validationTimeoutMs) > now) return row;
      await recordNotSubmitted(run, id, { orderId, takenAt }, 'taken, and no verdict for three minutes');
      return { ...row, challenge: 'none' as const };
    }),
  );
}

/**
 * Closes the authorizations of the order whose submit the CA answered 409, and which have had no verdict for
 * as long as a validation may take: only another order gets the name another authorization.
 * @param conflicts the ids of the authorizations whose submit was answered 409
 * @throws AcmeLedgerError `order-failed`, when there was such an authorization; `isFreed` tells whether the
 *   name can be ordered anew
 */
export async function endStuckValidations(
  run: AccountRun,
  placed: PlacedOrder,
  conflicts: ReadonlySet<number>,
): Promise<void> {
  const orderId = placed.row.id;
  const undecided = (await authorizationsOf(run.ledger, orderId)).filter(
    (row) => conflicts.has(row.id) && isUndecided(row),
  );
  const shown = await refresh(run, undecided);
  const untouched = new Set(shown.filter(isUntouched).map(({ url }) => url));
  const stuck = undecided.filter(({ url }) => untouched.has(url));
  if (stuck.length === 0) return;
  const reasons: string[] = [];
  for (const row of stuck) {
    await recordNotSubmitted(run, row.id, { orderId }, 'the CA is at it without end');
    const closing = await closeAuthorization(run, row, { includeKept: true, exceptOrderId: orderId });
    if (closing.outcome !== 'deactivated') reasons.push(closing.reason ?? closing.outcome);
  }
  throw stuckError(run, orderId, stuck, reasons);
}

/**
 * Whether the attempt failed by a validation without end, and nothing of it is in the way of another order.
 */
export function isFreed(error: unknown): error is AcmeLedgerError {
  return error instanceof AcmeLedgerError && freed.has(error);
}

const freed = new WeakSet<AcmeLedgerError>();

function stuckError(
  { limits }: AccountRun,
  orderId: number,
  stuck: readonly AuthorizationRow[],
  reasons: readonly string[],
): AcmeLedgerError {
  const names = stuck.map((row) => nameProven(row) ?? row.url).join(', ');
  const cost =
    limits?.countsDeactivations === true ? ', which counts as a failed validation of the name' : '';
  const done =
    reasons.length === 0
      ? `its authorization was deactivated${cost}`
      : `its authorization could not be deactivated: ${reasons.join('; ')}`;
  const error = new AcmeLedgerError(
    'order-failed',
    `${names}: the CA says that it is validating, comes to no end, and takes no other answer (409); ${done}`,
    { hint: `acme-ledger order show ${String(orderId)}` },
  );
  if (reasons.length === 0) freed.add(error);
  return error;
}

function isUntouched({ status, challenges }: Authorization): boolean {
  return status === 'pending' && !challenges.some(isTaken);
}
