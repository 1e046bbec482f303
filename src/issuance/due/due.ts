import { isAboutTheCertificate } from '../../error-kinds.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import type { RenewalFacts } from '../../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { FailedNamePolicy } from '../../policies.ts';
import { renewalOf, urgencyOf } from './renewal-window.ts';

/** Why a certificate is worked on now. `incomplete`: failed names that it lacks may be tried again. */
export interface Due {
  /** `not-deployed`: the certificate is stored, but its deploy hook hasn't been run with success. */
  reason: 'missing' | 'changed' | 'revoked' | 'ari' | 'ending' | 'asked' | 'not-deployed' | 'incomplete';
  /** The due time by the CA's window or the certificate's life; null when another reason makes it due. */
  dueAt: Date | null;
}

/**
 * When and why a certificate is due; null when it isn't yet. The CA says when (`ari`). Where it doesn't, the
 * certificate's life does as in Let's Encrypt's integration guide: a third left, half for short ones.
 * @param options.all also when the certificate isn't due
 * @param options.isLost its files aren't there, whatever the ledger says
 */
export function dueOf(
  certificate: RenewalFacts,
  now: Date,
  options: { all?: boolean; isLost?: boolean } = {},
): Due | null {
  const renewal = renewalOf(certificate);
  if (renewal === null || options.isLost === true) return { reason: 'missing', dueAt: null };
  if (certificate.revoked_at !== null) return { reason: 'revoked', dueAt: null };
  // The stored certificate isn't what is wanted, which has changed since
  // (ledger/certificates/certificates.ts, recordWanted).
  if (certificate.order_id === null) return { reason: 'changed', dueAt: null };
  const { dueAt } = renewal;
  if (dueAt <= now) return renewal;
  if (options.all === true) return { reason: 'asked', dueAt };
  if (certificate.deployed_at === null) return { reason: 'not-deployed', dueAt };
  return null;
}

/** Compares certificates: the most urgent first. */
export function byUrgency(now: Date): (one: RenewalFacts, other: RenewalFacts) => number {
  const known = new Map<RenewalFacts, ReturnType<typeof urgencyOf>>();
  const urgency = (row: RenewalFacts): ReturnType<typeof urgencyOf> => {
    const found = known.get(row) ?? urgencyOf(row, now);
    known.set(row, found);
    return found;
  };
  return (one, other) => {
    const [rank, share] = urgency(one);
    const [otherRank, otherShare] = urgency(other);
    return rank - otherRank || share - otherShare || (one.name < other.name ? -1 : 1);
  };
}

/**
 * The certificates in their order, but last those without a certificate to lose that were refused for a
 * reason of their own at the last attempt, say for a profile that the CA doesn't know. With `--limit` or
 * `--max-time` they would keep the others from being renewed, run after run.
 */
export function refusedLast(rows: readonly CertificateRow[], now: Date): CertificateRow[] {
  const isRefused = ({ not_after, last_error }: CertificateRow): boolean =>
    (not_after === null || not_after <= now) && last_error !== null && isAboutTheCertificate(last_error);
  return [...rows.filter((row) => !isRefused(row)), ...rows.filter(isRefused)];
}

/** A certificate that is worked on now, and how. */
export interface DueCertificate {
  certificate: CertificateRow;
  due: Due;
  /** The names of the order: all names of the certificate, or those that aren't known to fail. */
  names: readonly string[];
  onFailedName: FailedNamePolicy;
}

/** The sets of names of these certificates, whose orders recovery leaves to the attempts that are coming. */
export function namesKeysOf(certificates: readonly DueCertificate[]): Set<string> {
  return new Set(
    certificates.flatMap(({ certificate, names }) => [
      namesKeyOf(certificate),
      identifierSetKey(names.map(parseName)),
    ]),
  );
}

export function namesKeyOf(certificate: CertificateRow): string {
  return identifierSetKey(certificate.names.map(parseName));
}
