import type { CertificateRow } from '../../ledger/schema.ts';
import type { FailingNames } from '../names/name-choice.ts';
import type { FailedNamePolicy } from '../../policies.ts';
import { chooseNames, missingNames, usualPolicy } from '../names/name-choice.ts';
import type { Due, DueCertificate } from './due.ts';

interface FailingContext {
  failing: FailingNames;
  /** `--on-failed-name`; null when nobody said it. */
  onFailedName: FailedNamePolicy | null;
  /** A person named the certificate: names that wait are tried all the same. */
  isAskedFor: boolean;
  now: Date;
}

/**
 * What is worked on when some names fail: a certificate that is due goes on without them, or waits for them by the policy; one that lacks
 * some is worked on again when they may be tried again. Null: it is left alone for now.
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

/** Whether it is due and stays as it is until names of it that are suspended are mended or resumed, however often `renew` runs. */
export function isLeftAlone(
  certificate: CertificateRow,
  due: Due | null,
  context: Omit<FailingContext, 'isAskedFor'>,
): boolean {
  return due !== null && dueWithNames(certificate, due, { ...context, isAskedFor: true }) === null;
}
