import { boundedWait, isStillAhead } from '../../bounded-wait.ts';
import { isAboutTheCertificate, isServerFault } from '../../error-kinds.ts';
import type { ErrorRecord } from '../../errors.ts';
import { recordRetryAt } from '../../ledger/certificates/certificate-failures.ts';
import { orderById } from '../../ledger/orders/orders.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import { isTooLong } from '../../acme/objects/problem-hints.ts';
import { backOffStep, lifeMsOf } from '../names/back-off.ts';
import { failedNames } from './failed-names.ts';
import type { AccountRun } from '../account-run.ts';
import type { Attempt } from './attempt.ts';
import { lifeOf } from '../due/renewal-window.ts';

interface Steps {
  first: number;
  last: number;
}

const stepsOfRefusals: Steps = { first: 1, last: Infinity };
/** A CA that breaks says less about the certificate than one that refuses it: the first time nothing, and never more than two hours. */
const stepsOfFaults: Steps = { first: 0, last: 3 };
/** A person splits a certificate that is too large, and then it goes: no day is lost to that. */
const stepsOfSize: Steps = { first: 1, last: 3 };

/**
 * Why a certificate is left alone for now: it failed for a reason of its own, and each further attempt would spend a new order on the
 * same answer. Null when it may be tried.
 */
export function backOffOf({ last_error }: Pick<CertificateRow, 'last_error'>, now: Date): ErrorRecord | null {
  if (last_error === null) return null;
  const error = last_error;
  if (!isAboutTheCertificate(error) || error.retryAt === null || !isStillAhead(error.retryAt, now))
    return null;
  const message = `it is tried again at ${error.retryAt}, after it failed: ${error.message}`;
  return {
    ...error,
    message,
    hint: 'acme-ledger renew with its name, or a changed configuration of it, tries it at once',
  };
}

/**
 * Writes down until when a certificate that failed for a reason of its own is left alone by `renew`: as a name that fails, 1, 10, 100 minutes, then a
 * day at a time; longer when the CA said so, but never past what its life allows (src/bounded-wait.ts). What the next run can go on with for nothing, an order that waits, isn't left alone, nor what is its names' to mend.
 * @param before the certificate as the attempt found it: how long it was left alone the last time says how often it failed
 * @returns the attempt's error, with the time
 */
export async function backOffAfter(
  run: AccountRun,
  before: CertificateRow,
  names: readonly string[],
  attempt: Attempt,
): Promise<ErrorRecord | null> {
  const { error, orderId, status } = attempt;
  const { ledger, account, clock } = run;
  // Another CA's refusal says nothing of its own; an interrupted attempt nothing at all.
  if (error === null || status !== 'failed' || account.ca !== before.ca || !isAboutTheCertificate(error))
    return error;
  const order = orderId === null ? undefined : await orderById(ledger, orderId);
  if (order !== undefined && order.concluded_at === null) return error;
  if ((await failedNames(ledger, attempt, names)).names.length > 0) return error;
  const now = clock.now();
  const step = nextStep(before, error);
  const own = step === 0 ? now : run.failureRule.nextAttemptAt(step, now, lifeMsOf(before));
  const asked = error.retryAt === null ? own : new Date(Math.max(own.getTime(), Date.parse(error.retryAt)));
  const isAtOnce = step === 0 && error.retryAt === null;
  const retryAt = isAtOnce ? now.toISOString() : boundedOwn(asked, own, now, before).toISOString();
  await recordRetryAt(run, before.name, error, retryAt);
  return isAtOnce ? error : { ...error, retryAt };
}

/** No longer than the certificate's life allows; what only the jitter makes longer than a day stays. */
function boundedOwn(asked: Date, own: Date, now: Date, certificate: CertificateRow): Date {
  const life = lifeOf(certificate);
  return life === null && asked <= own ? own : boundedWait(asked, now, life);
}

function nextStep(certificate: CertificateRow, error: ErrorRecord): number {
  const { last_error, last_attempt_at } = certificate;
  const last = last_error === null ? null : last_error;
  const { first, last: most } = stepsOf(error);
  if (last === null || last.retryAt === null || last_attempt_at === null || !isAboutTheCertificate(last))
    return first;
  const waitedMs = Date.parse(last.retryAt) - Date.parse(last_attempt_at);
  return Math.min(backOffStep(waitedMs, lifeMsOf(certificate)) + 1, most);
}

function stepsOf(error: ErrorRecord): Steps {
  // An order that the CA didn't finish in time is a fault of its own.
  if (isServerFault(error) || error.code === 'order-failed') return stepsOfFaults;
  return isTooLong(error.problem) ? stepsOfSize : stepsOfRefusals;
}
