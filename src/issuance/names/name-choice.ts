import type { CertificateRow, IdentifierRow } from '../../ledger/schema.ts';
import type { FailedNamePolicy } from '../../policies.ts';
import type { Due } from '../due/due.ts';
import { renewalDueAt } from '../due/renewal-time.ts';

/** Names that fail, by name. */
export type FailingNames = ReadonlyMap<string, IdentifierRow>;

/** The names that fail at either of two CAs; of a name that fails at both, the row with the longer wait. */
export function failingEither(one: FailingNames = new Map(), other: FailingNames = new Map()): FailingNames {
  const merged = new Map(one);
  for (const [name, row] of other) {
    const known = merged.get(name);
    if (known === undefined || waitOf(known) < waitOf(row)) merged.set(name, row);
  }
  return merged;
}

/** The time until which a name waits, in milliseconds: a suspended name waits the longest. */
function waitOf({ suspended_at, next_attempt_at }: IdentifierRow): number {
  return suspended_at === null ? (next_attempt_at?.getTime() ?? 0) : Infinity;
}

/** The names that an order is for now. */
export interface NameChoice {
  names: string[];
  /** Names that are suspended, or aren't to be tried again yet. */
  leftOut: string[];
}

/**
 * Chooses the names that an order is for.
 * @param options.evenWaiting only suspended names are left out
 */
export function chooseNames(
  certificate: Pick<CertificateRow, 'names'>,
  failing: FailingNames,
  { now, evenWaiting = false }: { now: Date; evenWaiting?: boolean },
): NameChoice {
  const all = certificate.names;
  const rows = all.flatMap((name) => {
    const row = failing.get(name);
    return row !== undefined && isLeftAlone(row, now, evenWaiting) ? [row] : [];
  });
  const left = new Set(rows.map(({ value }) => value));
  return {
    names: all.filter((name) => !left.has(name)),
    leftOut: [...left],
  };
}

/** Names of a certificate that no order names until they are mended or resumed. */
export function suspendedOf(certificate: CertificateRow, failing: FailingNames): string[] {
  return certificate.names.filter((name) => (failing.get(name)?.suspended_at ?? null) !== null);
}

function isLeftAlone({ suspended_at, next_attempt_at }: IdentifierRow, now: Date, even: boolean): boolean {
  const waits = next_attempt_at !== null && next_attempt_at > now;
  return suspended_at !== null || (waits && !even);
}

/** Names that are wanted, and that the stored certificate lacks because they couldn't be proven. */
export function missingNames(certificate: CertificateRow): string[] {
  if (certificate.issued_names === null) return [];
  const issued = new Set(certificate.issued_names);
  return certificate.names.filter((name) => !issued.has(name));
}

/** Reasons of certificates that are missing, not as wanted or of no use: there is nothing to keep. */
const withNothingToKeep: readonly (Due['reason'] | undefined)[] = ['missing', 'changed', 'revoked'];

/**
 * How `renew` treats names that fail where nobody said it: they get half of the time between the day that a
 * certificate is due and its end to recover; then the certificate goes on without them. A certificate with
 * nothing to keep goes on as soon as one of its names is suspended.
 */
export function usualPolicy(
  certificate: CertificateRow,
  due: Due | null,
  { failing, now }: { failing: FailingNames; now: Date },
): FailedNamePolicy {
  if (certificate.csr !== null) return 'fail';
  // A certificate that lacks names already goes on like that.
  if (certificate.issued_names !== null || isLate(certificate, now)) return 'drop';
  return withNothingToKeep.includes(due?.reason) && suspendedOf(certificate, failing).length > 0
    ? 'drop'
    : 'fail';
}

/**
 * Whether half of the time between a certificate's due day and its end is over; a certificate that doesn't
 * exist is never late.
 */
export function isLate(certificate: Pick<CertificateRow, 'not_before' | 'not_after'>, now: Date): boolean {
  const at = lateAt(certificate);
  return at !== null && now >= at;
}

/** When half of the time between a certificate's due day and its end is over; null when none is stored. */
export function lateAt({
  not_before,
  not_after,
}: Pick<CertificateRow, 'not_before' | 'not_after'>): Date | null {
  if (not_before === null || not_after === null) return null;
  const dueAt = renewalDueAt(not_before, not_after);
  return new Date((dueAt.getTime() + not_after.getTime()) / 2);
}
