import { timeText } from '../../clock.ts';
import type { ErrorRecord } from '../../errors.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { FailingNames } from '../names/name-choice.ts';
import type { FailedNamePolicy } from '../../policies.ts';
import { chooseNames, lateAt, missingNames, usualPolicy } from '../names/name-choice.ts';
import { shellWord, shellWords } from '../../shell-word.ts';
import type { Due, DueCertificate } from './due.ts';

interface FailingContext {
  failing: FailingNames;
  /** `--on-failed-name`; null when nobody said it. */
  onFailedName: FailedNamePolicy | null;
  /** Whether a person named the certificate: names that wait are tried all the same. */
  isAskedFor: boolean;
  now: Date;
}

/**
 * How a certificate is due when some of its names fail: by the policy it goes on without them or waits for
 * them. A certificate that lacks names is due again when these may be tried again. Null: not due for now.
 */
export function dueWithNames(
  certificate: CertificateRow,
  due: Due | null,
  { failing, onFailedName, isAskedFor, now }: FailingContext,
): DueCertificate | null {
  const all = certificate.names;
  const policy = policyFor(certificate, due, { failing, onFailedName, now });
  const plan = { certificate, names: all, onFailedName: policy };
  if (due?.reason === 'not-deployed') return { ...plan, due };
  const { names, leftOut } = chooseNames(certificate, failing, { now, evenWaiting: isAskedFor });
  if (due === null) {
    const isBack = missingNames(certificate).some((name) => names.includes(name));
    return isBack ? { ...plan, names, due: { reason: 'incomplete', dueAt: null } } : null;
  }
  if (leftOut.length === 0) return { ...plan, due };
  return policy === 'drop' && names.length > 0 ? { ...plan, names, due } : null;
}

/**
 * Whether a due certificate waits, however often `renew` runs, until suspended names are mended or resumed.
 */
export function isLeftAlone(
  certificate: CertificateRow,
  due: Due | null,
  context: Omit<FailingContext, 'isAskedFor'>,
): boolean {
  return due !== null && dueWithNames(certificate, due, { ...context, isAskedFor: true }) === null;
}

const namedMost = 5;

/**
 * Why a due certificate that `dueWithNames` passed over waits for names that failed lately, and in `retryAt`
 * until when: for the last of them, or, where it may go on without some, for the first.
 */
export function waitForNames(
  certificate: CertificateRow,
  due: Due,
  context: Omit<FailingContext, 'isAskedFor'>,
): ErrorRecord {
  const { failing, now } = context;
  const { names, leftOut } = chooseNames(certificate, failing, { now });
  const rows = leftOut.flatMap((name) => failing.get(name) ?? []);
  const waiting = rows.filter(({ suspended_at }) => suspended_at === null);
  const times = waiting.flatMap(({ next_attempt_at }) => next_attempt_at?.getTime() ?? []);
  const [first] = waiting;
  const isDropping = policyFor(certificate, due, context) === 'drop';
  const untilMs = times.length === 0 ? now.getTime() : isDropping ? Math.min(...times) : Math.max(...times);
  // Half of the time after its due day being over, the usual policy goes on without them.
  const late = context.onFailedName === null && names.length > 0 ? lateAt(certificate) : null;
  const retryAt = timeText(new Date(Math.min(untilMs, late?.getTime() ?? Infinity)));
  const named = waiting.slice(0, namedMost).map(({ value }) => value);
  const more = waiting.length > namedMost ? ` and ${String(waiting.length - namedMost)} more` : '';
  const error = first?.last_error ?? null;
  const why = error?.message ?? 'an earlier attempt failed';
  return {
    code: error?.code ?? 'authorization-invalid',
    message: `it waits until ${retryAt} for ${named.join(', ')}${more}: ${why}`,
    hint: `acme-ledger name show ${shellWord(first?.value ?? '')} has the reason; once mended: acme-ledger name resume ${shellWords(named)}`,
    problem: error?.problem ?? null,
    retryAt,
  };
}

function policyFor(
  certificate: CertificateRow,
  due: Due | null,
  { failing, onFailedName, now }: Omit<FailingContext, 'isAskedFor'>,
): FailedNamePolicy {
  if (certificate.csr !== null) return 'fail';
  return onFailedName ?? usualPolicy(certificate, due, { failing, now });
}
