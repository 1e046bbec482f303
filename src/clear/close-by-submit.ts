import { isOutcomeUnknown } from '../acme/http/connection-failure.ts';
import type { Authorization, Challenge } from '../acme/objects/resources.ts';
import { later } from '../clock.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import { recordSeen } from '../ledger/authorizations/authorizations.ts';
import { recordNotSubmitted, recordSubmitted } from '../ledger/orders/submissions.ts';
import { recordSubmittingToClose } from '../ledger/authorizations/foreign-authorizations.ts';
import { isLedgerFailure } from '../ledger/ledger-failure.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import { authorizationSeen } from '../issuance/authorization/authorization-seen.ts';
import { spendSubmission } from '../issuance/authorization/closing-budget.ts';
import { type Claim, claimClosing } from '../issuance/authorization/closing-claim.ts';
import { heldBy } from '../issuance/authorization/closing-outcome.ts';
import { claimHolderOf, recordNotClosed } from '../issuance/authorization/deactivation.ts';
import { type Closing } from '../issuance/authorization/closing-outcome.ts';
import { Held } from '../issuance/ownership/guards.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { poll } from '../issuance/waiting/polling.ts';
import type { ProtectionOptions } from '../issuance/ownership/protection.ts';
import { validationMs } from '../issuance/authorization/verdicts.ts';

/**
 * Challenge types that nobody answers, the one that fails soonest first. A type that isn't named may be
 * proven by something that stays up.
 */
const doomed = ['http-01', 'tls-alpn-01', 'dns-01', 'dns-account-01'];

export const noneFails = 'none of its challenges would fail by itself';

/**
 * Closes one authorization by having the CA look for an answer that isn't there (RFC 8555 §7.5.1): the
 * authorization becomes invalid. For CAs that don't deactivate. The ledger holds `submitting` before the
 * POST; the verdict is waited for as long as a validation may take.
 * @param shown the authorization as the CA has just shown it, pending: some CAs hang on the challenge of an
 * authorization that is over
 */
export async function closeBySubmitting(
  run: AccountRun,
  row: AuthorizationRow,
  shown: Authorization,
  protection: ProtectionOptions,
): Promise<Closing> {
  const challenge = doomedChallenge(shown.challenges);
  if (challenge === null) return { outcome: 'refused', reason: noneFails };
  const claim = await claimClosing(run, row, protection, spendSubmission);
  if ('outcome' in claim) return claim;
  if (!(await recordSubmittingToClose(run, row.id, challenge))) {
    await claim.giveUp();
    return { outcome: 'held', reason: 'its challenge was submitted: the CA decides' };
  }
  const refusal = await submit(run, row, challenge, protection);
  if (refusal === null) return awaitVerdict(run, row, challenge, claim);
  await claim.giveUp();
  return refusal;
}

/** The challenge that would be submitted; null when none would fail by itself. */
export function doomedChallenge(challenges: readonly Challenge[]): Challenge | null {
  const pending = challenges.filter(({ status }) => status === 'pending');
  for (const type of doomed) {
    const found = pending.find((challenge) => challenge.type === type);
    if (found !== undefined) return found;
  }
  return null;
}

/** @returns null when the CA took the submission, or may have */
async function submit(
  run: AccountRun,
  row: AuthorizationRow,
  challenge: Challenge,
  protection: ProtectionOptions,
): Promise<Closing | null> {
  try {
    await run.session.submitChallenge(challenge.url, {
      async assertAllowed() {
        const held = await claimHolderOf(run, row, protection);
        if (held !== null) throw new Held(held);
      },
      signal: run.stops.grace,
    });
    await recordSubmitted(run, [row.id]);
    return null;
  } catch (error) {
    if (isLedgerFailure(error)) throw error;
    if (error instanceof Held) {
      await recordNotSubmitted(run, row.id, { toClose: true }, error.message);
      return heldBy(error.protection);
    }
    // The submission is never sent again: its challenge stays `submitting`, and is polled like one that was
    // taken. 409: Boulder is at it.
    const isUnknown =
      !(error instanceof AcmeLedgerError) || isOutcomeUnknown(error) || error.httpStatus === 409;
    if (isUnknown) return null;
    await recordNotSubmitted(run, row.id, { toClose: true }, errorRecord(error).message);
    return recordNotClosed(run, row, error);
  }
}

async function awaitVerdict(
  run: AccountRun,
  row: AuthorizationRow,
  challenge: Challenge,
  claim: Claim,
): Promise<Closing> {
  const { clock, session, stops } = run;
  let askedAt = clock.now();
  const faultOf = ({ challenges }: Authorization): string | null =>
    challenges.find(({ url }) => url === challenge.url)?.error?.detail ?? null;
  try {
    const answer = await poll(
      () => {
        askedAt = clock.now();
        return session.getAuthorization(row.url, stops.grace);
      },
      // step-ca tells the challenge's fault, and lets the challenge be tried again.
      (shown) => shown.status !== 'pending' || faultOf(shown) !== null,
      { clock, deadline: later(clock.now(), validationMs), signal: stops.work },
    );
    // A failure without a verdict yet is counted when the verdict comes.
    if (answer.status !== 'invalid') await claim.giveUp();
    await recordSeen(run, [{ ...authorizationSeen(answer), askedAt, ...claim.counted }]);
    if (answer.status !== 'pending') return { outcome: 'submitted', reason: null };
    return { outcome: 'submitted', reason: faultOf(answer) ?? 'the CA has not decided yet' };
  } catch (error) {
    if (isLedgerFailure(error)) throw error;
    await claim.giveUp();
    return { outcome: 'submitted', reason: 'the CA could not be asked for its verdict yet' };
  }
}
