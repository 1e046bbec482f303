import type { CertificateRow } from '../../ledger/schema.ts';
import type { FailingNames } from '../names/name-choice.ts';
import type { FailedNamePolicy } from '../../policies.ts';
import { chooseNames, missingNames, usualPolicy } from '../names/name-choice.ts';
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
  const policy =
    certificate.csr === null ? (onFailedName ?? usualPolicy(certificate, due, { failing, now })) : 'fail';
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
