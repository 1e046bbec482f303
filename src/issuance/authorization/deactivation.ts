import { authorizationSeen } from './authorization-seen.ts';
import { isOutcomeUnknown, isTimeout } from '../../acme/http/connection-failure.ts';
import { isGone } from '../../acme/objects/problems.ts';
import type { Answer, Authorization, Challenge } from '../../acme/objects/resources.ts';
import { later } from '../../clock.ts';
import { AcmeLedgerError, errorRecord, hasCode } from '../../errors.ts';
import { recordRefused, recordSeen } from '../../ledger/authorizations/authorizations.ts';
import { closingRunOf } from '../../ledger/authorizations/closing-claims.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { Held, LongAgo, decidedMeanwhile, lostClaim, submittedMeanwhile } from '../ownership/guards.ts';
import { type Protection, type ProtectionOptions, protectionOf } from '../ownership/protection.ts';
import { waitUntilAllowedMs } from '../waiting/wait-until-allowed.ts';
import { spendDeactivation } from './closing-budget.ts';
import { claimClosing } from './closing-claim.ts';
import { heldBy } from './closing-outcome.ts';
import type { Closing } from './closing-outcome.ts';
import { recordGone } from './verdicts.ts';

const deactivateAgainMs = 500;

/**
 * How often a deactivation is tried: a CA that asks to come back soon, again and again, is left alone then.
 */
const triesAtMost = 3;

/**
 * A look at an authorization is believed for twice this time, and for twice as long after each further look:
 * with `--rate` each request waits for its turn.
 */
const lookLastsMs = 15_000;

const looksAtMost = 4;

const askedTooSeldom = {
  reason:
    'requests wait for their turn for so long that somebody may have proven it meanwhile; a higher --rate helps',
  run: null,
};

/**
 * Deactivates one authorization (RFC 8555 §7.5.2) unless a run or an order needs it, and records the outcome.
 */
export async function closeAuthorization(
  run: AccountRun,
  row: AuthorizationRow,
  protection: ProtectionOptions,
): Promise<Closing> {
  const claim = await claimClosing(run, row, protection, spendDeactivation);
  if ('outcome' in claim) return claim;
  let answer: Answer<Authorization> | { heldBy: Protection };
  try {
    answer = await deactivateUnlessHeld(run, row.url, {
      shownAt: row.checked_at,
      holder: () => holderOf(run, row, protection),
    });
  } catch (error) {
    if (!isOutcomeUnknown(error)) await claim.giveUp();
    return recordNotClosed(run, row, error);
  }
  if ('heldBy' in answer || answer.status !== 'deactivated') await claim.giveUp();
  if ('heldBy' in answer) return heldBy(answer.heldBy);
  await recordSeen(run, [{ ...authorizationSeen(answer), ...claim.counted }]);
  if (answer.status === 'deactivated') return { outcome: 'deactivated', reason: null };
  const reason = `the CA answered "${answer.status}"`;
  return { outcome: answer.status === 'pending' ? 'refused' : 'already-final', reason };
}

/**
 * Why an authorization that this run has claimed isn't to be closed after all, by the ledger at this moment;
 * null when it is.
 */
async function holderOf(
  run: AccountRun,
  row: AuthorizationRow,
  protection: ProtectionOptions,
): Promise<Protection | null> {
  return (await decidedMeanwhile(run, row.id)) ?? claimHolderOf(run, row, protection);
}

/**
 * Like `holderOf`, except that the authorization's own state doesn't count: this run may be about to submit
 * its challenge.
 */
export async function claimHolderOf(
  run: AccountRun,
  row: AuthorizationRow,
  protection: ProtectionOptions,
): Promise<Protection | null> {
  const closer = await closingRunOf(run.ledger, row.id);
  if (closer !== run.runId) return lostClaim(closer);
  return protectionOf(run, row, protection);
}

export interface Deactivating {
  /** When the CA last showed the authorization; null when the CA has to be asked first. */
  shownAt: Date | null;
  /** Asks who needs the authorization; null when nobody does. */
  holder: () => Promise<Protection | null>;
}

/**
 * Deactivates an authorization when the CA lets. Whether another run holds it is asked right before each
 * POST. While the POST waits for its turn, a CA that uses pending authorizations again may hand it to another
 * run, which proves it. So the CA is asked again before each POST but the first, and where it was last asked
 * long ago: an authorization that was proven meanwhile, or is being validated, is never deactivated.
 * @returns the CA's last answer when the authorization was final already
 */
export async function deactivateUnlessHeld(
  run: AccountRun,
  url: string,
  { shownAt, holder }: Deactivating,
): Promise<Answer<Authorization> | { heldBy: Protection }> {
  let lookedAt = shownAt;
  let failure: unknown = null;
  for (let [tries, looks] = [1, 1]; ;) {
    if (failure !== null || lookedAt === null) {
      lookedAt = run.clock.now();
      const shown = await lookAgain(run, url, failure);
      if (shown.status !== 'pending') return shown;
      if (shown.challenges.some(isTaken)) return { heldBy: submittedMeanwhile };
    }
    try {
      return await deactivateNow(run, url, holder, later(lookedAt, lookLastsMs * 2 ** looks));
    } catch (error) {
      if (error instanceof Held) return { heldBy: error.protection };
      if (error instanceof LongAgo) {
        if (looks === looksAtMost) return { heldBy: askedTooSeldom };
        [looks, lookedAt] = [looks + 1, null];
        continue;
      }
      const waitMs = isRepeatable(error) ? deactivateAgainMs : waitUntilAllowedMs(run, error, run.patienceMs);
      if (waitMs === null || tries === triesAtMost) throw error;
      [tries, failure] = [tries + 1, error];
      await run.clock.sleep(waitMs, run.stops.grace);
    }
  }
}

/** Sends the deactivation. @throws Held, LongAgo: it wasn't sent */
function deactivateNow(
  run: AccountRun,
  url: string,
  holder: Deactivating['holder'],
  until: Date,
): Promise<Answer<Authorization>> {
  return run.session.deactivateAuthorization(url, {
    async assertAllowed() {
      if (run.clock.now() > until) throw new LongAgo('the CA was asked for it long ago');
      const held = await holder();
      if (held !== null) throw new Held(held);
    },
    signal: run.stops.grace,
  });
}

/**
 * Whether a deactivation is sent again: it may have been done, but a second changes nothing, and Boulder
 * doesn't count it.
 */
function isRepeatable(error: unknown): boolean {
  return isOutcomeUnknown(error) && !isTimeout(error);
}

/**
 * Asks the CA for the authorization again.
 * @throws `failure`, when the CA doesn't answer and the failed deactivation may have been done
 */
async function lookAgain(run: AccountRun, url: string, failure: unknown): Promise<Answer<Authorization>> {
  try {
    return await run.session.getAuthorization(url, run.stops.grace);
  } catch (error) {
    throw failure !== null && isOutcomeUnknown(failure) ? failure : error;
  }
}

/** Whether the challenge was submitted, and the CA is validating it or has found it valid. */
export function isTaken({ status }: Challenge): boolean {
  return status === 'processing' || status === 'valid';
}

/** Records an error by which an authorization wasn't closed, and gives the outcome. */
export async function recordNotClosed(
  run: AccountRun,
  row: AuthorizationRow,
  error: unknown,
): Promise<Closing> {
  const record = errorRecord(error);
  const reason = record.message;
  if (hasCode(error, 'ca-account')) return { outcome: 'failed', reason, stop: error };
  if (isGone(error)) {
    await recordGone(run, row.url);
    return { outcome: 'gone', reason };
  }
  const status = error instanceof AcmeLedgerError ? error.httpStatus : undefined;
  if (status === 403) return { outcome: 'foreign', reason };
  // Any other client error is a refusal by the CA: step-ca answers 400 "expected POST-as-GET".
  if (status !== undefined && status >= 400 && status < 500 && status !== 429) {
    await recordRefused(run, row.id, record);
    return { outcome: 'refused', reason };
  }
  const isStop = hasCode(error, 'ca-limit', 'ca-outage', 'interrupted');
  return { outcome: 'failed', reason, ...(isStop ? { stop: error } : {}) };
}
