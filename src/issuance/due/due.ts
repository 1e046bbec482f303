import { isAboutTheCertificate } from '../../error-kinds.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import type { RenewalFacts } from '../../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { FailedNamePolicy } from '../../policies.ts';
import { renewalOf, urgencyOf } from './renewal-window.ts';

/** Why a certificate is worked on now. `incomplete`: names that it lacks, because they failed, may be tried again. */
export interface Due {
  /** `not-deployed`: it is stored, but its deploy hook hasn't been run with success. */
  reason: 'missing' | 'changed' | 'revoked' | 'ari' | 'ending' | 'asked' | 'not-deployed' | 'incomplete';
  /** When the CA's window or its life said so; null when something else did. */
  dueAt: Date | null;
}

/**
 * When and why a certificate is due; null when it isn't yet. The CA says when (`ari`); where it doesn't, its life does as in Let's
 * Encrypt's integration guide: a third left, half for short ones.
 * @param options.all also when it isn't
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
  // What is stored isn't what was asked for since (ledger/certificates/certificates.ts, recordWish).
  if (certificate.order_id === null) return { reason: 'changed', dueAt: null };
  const { dueAt } = renewal;
  if (dueAt <= now) return renewal;
  if (options.all === true) return { reason: 'asked', dueAt };
  if (certificate.deployed_at === null) return { reason: 'not-deployed', dueAt };
  return null;
}

/** The most urgent first. */
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
 * In their order, but last those that have no certificate to lose and were refused for a reason of their own when they were last tried,
 * say a profile that the CA doesn't know: with `--limit` or `--max-time` they would keep the others from being renewed, run after run.
 */
export function refusedLast(rows: readonly CertificateRow[], now: Date): CertificateRow[] {
  const isRefused = ({ not_after, last_error }: CertificateRow): boolean =>
    (not_after === null || not_after <= now.toISOString()) &&
    last_error !== null &&
    isAboutTheCertificate(last_error);
  return [...rows.filter((row) => !isRefused(row)), ...rows.filter(isRefused)];
}

/** A certificate that is worked on now, and how. */
export interface DueCertificate {
  certificate: CertificateRow;
  due: Due;
  /** What is ordered: all of its names, or those that aren't known to fail. */
  names: readonly string[];
  onFailedName: FailedNamePolicy;
}

/** The sets of names that these certificates are for, as recovery leaves their orders to the attempts that are coming. */
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
