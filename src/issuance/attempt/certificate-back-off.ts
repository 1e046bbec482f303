import { timeText } from '../../clock.ts';
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
/**
 * A fault of the CA says less about a certificate than a refusal: the first costs no wait, and no wait is
 * more than two hours.
 */
const stepsOfFaults: Steps = { first: 0, last: 3 };
/** A certificate that is too large works once a person has split it: no wait of a day is lost to that. */
const stepsOfSize: Steps = { first: 1, last: 3 };

/**
 * Why a certificate is left alone for now: it failed for a reason of its own, and each further attempt would
 * spend a new order on the same answer. Null when the certificate may be tried.
 */
export function backOffOf({ last_error }: Pick<CertificateRow, 'last_error'>, now: Date): ErrorRecord | null {
  if (last_error === null) return null;
  const error = last_error;
  if (!isAboutTheCertificate(error) || error.retryAt === null || !isStillAhead(new Date(error.retryAt), now))
    return null;
  const message = `it is tried again at ${error.retryAt}, after it failed: ${error.message}`;
  return {
    ...error,
    message,
    hint: 'acme-ledger renew with its name, or a changed configuration of it, tries it at once',
  };
}

/**
 * Writes down until when `renew` leaves a certificate alone that failed for a reason of its own. The waits
 * are those of a failing name: 1, 10, 100 minutes, then a day at a time. A wait is longer when the CA said
 * so, but never past what the certificate's life allows (src/bounded-wait.ts). A certificate isn't left alone
 * when its order waits, because the next run goes on with it for nothing, nor when its names failed, because
 * they have their own waits.
 * @param before the certificate as the attempt found it: its last wait says how often it failed
 * @returns the attempt's error, with the time until which the certificate is left alone
 */
export async function backOffAfter(
  run: AccountRun,
  before: CertificateRow,
  names: readonly string[],
  attempt: Attempt,
): Promise<ErrorRecord | null> {
  const { error, orderId, status } = attempt;
  const { ledger, account, clock } = run;
  // The refusal of another CA says nothing about the certificate at its own CA; an interrupted attempt says
  // nothing at all.
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
  const retryAt = timeText(isAtOnce ? now : boundedOwn(asked, own, now, before));
  await recordRetryAt(run, before.name, error, retryAt);
  return isAtOnce ? error : { ...error, retryAt };
}

/**
 * The time of the next attempt: no later than the certificate's life allows. Without a stored certificate, a
 * wait that only the jitter makes longer than a day stays.
 */
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
  const waitedMs = Date.parse(last.retryAt) - last_attempt_at.getTime();
  return Math.min(backOffStep(waitedMs, lifeMsOf(certificate)) + 1, most);
}

function stepsOf(error: ErrorRecord): Steps {
  // An order that the CA didn't finish in time counts as a fault of the CA.
  if (isServerFault(error) || error.code === 'order-failed') return stepsOfFaults;
  return isTooLong(error.problem) ? stepsOfSize : stepsOfRefusals;
}
