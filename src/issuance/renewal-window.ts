import { renewalDueAt } from '../certificates/renewal-time.ts';
import type { RenewalFacts } from '../ledger/certificates.ts';
import type { CertificateRow } from '../ledger/schema.ts';

/** With less than this share of its life left a certificate is due whatever the CA suggests. */
const leastShare = 0.1;

/**
 * When a stored certificate is to be renewed: at the moment drawn in the window that the CA suggests (RFC 9773 §4.2), where there is
 * none when its life says so. A window far away doesn't let it end.
 * @returns null when nothing is stored
 */
export function renewalOf(certificate: RenewalFacts): { reason: 'ari' | 'ending'; dueAt: Date } | null {
  const life = lifeOf(certificate);
  if (life === null) return null;
  const suggested = timeOf(certificate.ari_renew_at);
  if (suggested === null)
    return { reason: 'ending', dueAt: renewalDueAt(new Date(life.begin), new Date(life.end)) };
  const latest = latestIn(life);
  return suggested <= latest
    ? { reason: 'ari', dueAt: new Date(suggested) }
    : { reason: 'ending', dueAt: new Date(latest) };
}

/** Until when a stored certificate can wait whatever anybody says; null when nothing is stored. */
export function latestRenewal(certificate: Pick<RenewalFacts, 'not_before' | 'not_after'>): Date | null {
  const life = lifeOf(certificate);
  return life === null ? null : new Date(latestIn(life));
}

function latestIn({ begin, end }: { begin: number; end: number }): number {
  return end - (end - begin) * leastShare;
}

/**
 * What is worked on first: what doesn't exist; what is about to end; what the CA wants replaced by now, as after it revoked it
 * (RFC 9773 §4.2: a window in the past); the others. Among each the smaller share of life left goes first.
 * @returns a pair to compare: the rank, then the share
 */
export function urgencyOf(certificate: RenewalFacts, now: Date): [rank: number, shareLeft: number] {
  const life = lifeOf(certificate);
  if (life === null) return [0, 0];
  const shareLeft = (life.end - now.getTime()) / (life.end - life.begin);
  if (shareLeft < leastShare) return [1, shareLeft];
  const windowEnd = timeOf(certificate.ari_window_end);
  const isOverdue = certificate.revoked_at !== null || (windowEnd !== null && windowEnd <= now.getTime());
  return [isOverdue ? 2 : 3, shareLeft];
}

/** Our clock may be ahead of the CA's or behind it. */
const clockSkewMs = 10 * 60_000;

/** Whether the CA's suggested window (RFC 9773 §4.2) is open now, also by a clock that is a little off. */
export function isWindowOpen(certificate: CertificateRow, now: Date): boolean {
  const [start, end] = [timeOf(certificate.ari_window_start), timeOf(certificate.ari_window_end)];
  if (start === null || end === null) return false;
  return start + clockSkewMs <= now.getTime() && now.getTime() <= end - clockSkewMs;
}

function lifeOf({
  not_before,
  not_after,
}: Pick<RenewalFacts, 'not_before' | 'not_after'>): { begin: number; end: number } | null {
  const [begin, end] = [timeOf(not_before), timeOf(not_after)];
  return begin === null || end === null ? null : { begin, end };
}

function timeOf(instant: string | null): number | null {
  const time = Date.parse(instant ?? '');
  return Number.isNaN(time) ? null : time;
}
