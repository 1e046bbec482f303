import { missingNames } from '../issuance/names/name-choice.ts';
import type { CertificateRow } from '../ledger/schema.ts';

const shownMost = 5;

/**
 * `3 of 10 names: a.test, b.test, c.test`; null when the stored certificate has all names that are wanted.
 */
export function leftOutText(certificate: CertificateRow): string | null {
  const left = missingNames(certificate);
  if (left.length === 0) return null;
  const all = certificate.names.length;
  const more = left.length > shownMost ? `, and ${String(left.length - shownMost)} more` : '';
  return `${String(left.length)} of ${String(all)} names: ${left.slice(0, shownMost).join(', ')}${more}`;
}
