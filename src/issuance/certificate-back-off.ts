import type { ErrorCode, ErrorRecord } from '../errors.ts';
import { recordRetryAt } from '../ledger/certificate-failures.ts';
import { orderById } from '../ledger/orders.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { backOffStep } from './back-off.ts';
import { failedNames } from './failed-names.ts';
import type { Issuance } from './issuance.ts';
import type { Attempt } from './obtain.ts';

const ownReasons: readonly ErrorCode[] = [
  'ca-problem',
  'ca-answer',
  'order-failed',
  'store',
  'bad-file',
  'gate-too-small',
  'bug',
];

/** A CA that breaks says less about the certificate than one that refuses it: the first time nothing, and never more than two hours. */
const stepsOfFaults = { first: 0, last: 3 };

/** Whether an attempt failed for a reason that is the certificate's own, say a profile that the CA doesn't know. */
export function isOwnReason({ code }: ErrorRecord): boolean {
  return ownReasons.includes(code);
}

/**
 * Why a certificate is left alone for now: it failed for a reason of its own, and each further attempt would spend a new order on the
 * same answer. Null when it may be tried.
 */
export function backOffOf({ last_error }: Pick<CertificateRow, 'last_error'>, now: Date): ErrorRecord | null {
  if (last_error === null) return null;
  const error = JSON.parse(last_error) as ErrorRecord;
  if (!isOwnReason(error) || error.retryAt === null || error.retryAt <= now.toISOString()) return null;
  const message = `it is tried again at ${error.retryAt}, after it failed: ${error.message}`;
  return {
    ...error,
    message,
    hint: 'acme-ledger renew with its name, or a changed configuration of it, tries it at once',
  };
}

/**
 * Writes down until when a certificate that failed for a reason of its own is left alone by `renew`: as a name that fails, 1, 10, 100 minutes, then a
 * day at a time. What the next run can go on with for nothing, an order that waits, isn't left alone, nor what is its names' to mend.
 * @param before the certificate as the attempt found it: how long it was left alone the last time says how often it failed
 * @returns the attempt's error, with the time
 */
export async function backOffAfter(
  issuance: Issuance,
  before: CertificateRow,
  names: readonly string[],
  attempt: Attempt,
): Promise<ErrorRecord | null> {
  const { error, orderId, status } = attempt;
  const { ledger, account, clock } = issuance;
  // Another CA's refusal says nothing of its own; an interrupted attempt nothing at all.
  if (error === null || status !== 'failed' || account.ca !== before.ca || !isOwnReason(error)) return error;
  const order = orderId === null ? undefined : await orderById(ledger, orderId);
  if (order !== undefined && order.concluded_at === null) return error;
  if ((await failedNames(ledger, attempt, names)).names.length > 0) return error;
  const now = clock.now();
  const step = nextStep(before, error);
  const own = step === 0 ? now.toISOString() : issuance.failureRule.nextAttemptAt(step, now).toISOString();
  const retryAt = error.retryAt !== null && error.retryAt > own ? error.retryAt : own;
  await recordRetryAt(issuance, before.name, error, retryAt);
  return step === 0 ? error : { ...error, retryAt };
}

function nextStep({ last_error, last_attempt_at }: CertificateRow, error: ErrorRecord): number {
  const last = last_error === null ? null : (JSON.parse(last_error) as ErrorRecord);
  const { first, last: most } = isFault(error) ? stepsOfFaults : { first: 1, last: Infinity };
  if (last === null || last.retryAt === null || last_attempt_at === null || !isOwnReason(last)) return first;
  return Math.min(backOffStep(Date.parse(last.retryAt) - Date.parse(last_attempt_at)) + 1, most);
}

/** A server's fault, an answer that makes no sense, or none in time. */
function isFault({ code, problem }: ErrorRecord): boolean {
  if (code === 'ca-problem') return (problem?.status ?? 500) >= 500;
  return code === 'ca-answer' || code === 'order-failed';
}
