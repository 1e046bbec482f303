import type { Answer, Authorization } from '../../acme/objects/resources.ts';
import { later } from '../../clock.ts';
import { errorRecord } from '../../errors.ts';
import {
  authorizationsOf,
  recordSeen,
  type AuthorizationSeen,
} from '../../ledger/authorizations/authorizations.ts';
import { recordNotSubmitted } from '../../ledger/orders/submissions.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import { isLedgerFailure } from '../../ledger/ledger-failure.ts';
import { isSubmitted } from '../../ledger/states.ts';
import { allOrFirstError } from '../waiting/concurrency.ts';
import { authorizationSeen } from './authorization-seen.ts';
import type { AccountRun } from '../account-run.ts';
import { isGone } from '../../acme/objects/problems.ts';
import { poll } from '../waiting/polling.ts';
import { warningLevel } from '../waiting/warning-level.ts';

/** How long a validation may take: a lost submit that has no verdict by then never arrived. */
export const validationMs = 60_000;
/** How long an authorization counts as new: public CAs forget one after an hour at the soonest. */
const youngMs = 60_000;
const replicaWaitsMs = [500, 2_000];

/** Whether the CA is deciding: the authorization is pending, its challenge submitted as far as we know. */
export function isUndecided(row: AuthorizationRow): boolean {
  return row.status === 'pending' && isSubmitted(row.challenge);
}

/**
 * Whether a submit was lost: it was sent and never answered, and the CA still shows the authorization as
 * pending when it can't be validating any more. While the CA couldn't be asked nothing is decided: the
 * challenge may be valid by now.
 * @param sentBy when the submit had been sent for certain, whatever the row says
 */
export function isSubmitLost(row: AuthorizationRow, sentBy?: Date): boolean {
  if (row.status !== 'pending' || row.challenge !== 'submitting') return false;
  if (row.submitted_at === null || row.checked_at === null) return false;
  return decidedBy(row.submitted_at, sentBy) <= row.checked_at;
}

/**
 * When the CA can't be validating any more. A submit that was recorded before the clock was set back seems to
 * lie ahead. It was sent before it was read, so nobody waits for the clock to come there again.
 */
function decidedBy(submittedAt: Date, sentBy = submittedAt): Date {
  return later(submittedAt < sentBy ? submittedAt : sentBy, validationMs);
}

/**
 * Waits for the CA's verdicts on the submitted authorizations of an order, for each no longer than a
 * validation takes, and not after `until`. A submit that turns out to be lost is taken back.
 * @returns the order's authorizations as the ledger has them then
 */
export async function decideSubmitted(
  run: AccountRun,
  orderId: number,
  until: Date,
  signal: AbortSignal,
): Promise<AuthorizationRow[]> {
  const rows = await authorizationsOf(run.ledger, orderId);
  const undecided = rows.filter(isUndecided);
  if (undecided.length === 0) return rows;
  const sentBy = run.clock.now();
  const isAnswered = await allOrFirstError(
    undecided.map((row) => awaitVerdict(run, row, { sentBy, until, signal })),
  );
  const answered = new Set(undecided.filter((_, index) => isAnswered[index]).map(({ id }) => id));
  for (const row of await authorizationsOf(run.ledger, orderId)) {
    if (answered.has(row.id) && isSubmitLost(row, sentBy)) {
      await recordNotSubmitted(run, row.id, { orderId }, 'no verdict after a minute');
    }
  }
  return authorizationsOf(run.ledger, orderId);
}

/** @returns whether the CA could be asked */
async function awaitVerdict(
  run: AccountRun,
  row: AuthorizationRow,
  { sentBy, until, signal }: { sentBy: Date; until: Date; signal: AbortSignal },
): Promise<boolean> {
  const verdictBy = decidedBy(row.submitted_at ?? sentBy, sentBy);
  try {
    let askedAt = run.clock.now();
    const answer = await poll(
      () => {
        askedAt = run.clock.now();
        return run.session.getAuthorization(row.url, run.stops.grace);
      },
      (authorization) => authorization.status !== 'pending',
      { clock: run.clock, deadline: verdictBy < until ? verdictBy : until, signal },
    );
    await recordSeen(run, [{ ...authorizationSeen(answer), askedAt }]);
    return true;
  } catch (error) {
    if (isLedgerFailure(error)) throw error;
    signal.throwIfAborted();
    if (isGone(error)) {
      await recordGone(run, row.url);
      return true;
    }
    run.log[warningLevel(error)](
      { authorization: row.url, error: errorRecord(error) },
      'the CA could not be asked for its verdict',
    );
    return false;
  }
}

/**
 * Asks the CA for these authorizations and records its answers. Authorizations that are gone (404) are
 * recorded as expired and left out.
 */
export async function refresh(
  run: AccountRun,
  rows: readonly AuthorizationRow[],
): Promise<Answer<Authorization>[]> {
  const { answers, seen } = await lookAt(run, rows);
  await recordSeen(run, seen);
  return answers;
}

/** Like `refresh`, except that the answers are yet to be recorded, but for those that are gone. */
export async function lookAt(
  run: AccountRun,
  rows: readonly AuthorizationRow[],
): Promise<{ answers: Answer<Authorization>[]; seen: AuthorizationSeen[] }> {
  const askedAt = run.clock.now();
  const all = await Promise.all(rows.map((row) => look(run, row)));
  const answers = all.filter((answer) => answer !== null);
  return { answers, seen: answers.map((answer) => ({ ...authorizationSeen(answer), askedAt })) };
}

async function look(run: AccountRun, row: AuthorizationRow): Promise<Answer<Authorization> | null> {
  // An authorization that is so new can't be forgotten: a CA that reads from a replica doesn't know it yet.
  const isYoung = later(row.created_at, youngMs) > run.clock.now();
  for (const waitMs of isYoung ? replicaWaitsMs : []) {
    try {
      return await run.session.getAuthorization(row.url, run.stops.grace);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    await run.clock.sleep(waitMs, run.stops.grace);
  }
  try {
    return await run.session.getAuthorization(row.url, run.stops.grace);
  } catch (error) {
    if (!isGone(error)) throw error;
    await recordGone(run, row.url);
    return null;
  }
}

/** Records that the CA has forgotten an authorization: Boulder answers 404 for an expired one. */
export async function recordGone(run: AccountRun, url: string): Promise<void> {
  await recordSeen(run, [{ url, status: 'expired', identifier: null, expiresAt: null }]);
}
