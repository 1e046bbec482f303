import { type Life, dangerAt, leastShare } from '../../bounded-wait.ts';
import { later } from '../../clock.ts';
import { renewalDueAt } from './renewal-time.ts';
import type { RenewalFacts } from '../../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../../ledger/schema.ts';

/**
 * When a stored certificate is to be renewed: at the moment drawn in the window that the CA suggests (RFC
 * 9773 §4.2), or, where there is none, when its life says so. A window so far away that the certificate would
 * end doesn't count.
 * @returns null when nothing is stored
 */
export function renewalOf(certificate: RenewalFacts): { reason: 'ari' | 'ending'; dueAt: Date } | null {
  const life = lifeOf(certificate);
  if (life === null) return null;
  const suggested = certificate.ari_renew_at;
  if (suggested === null) return { reason: 'ending', dueAt: renewalDueAt(life.begin, life.end) };
  const latest = dangerAt(life);
  return suggested <= latest ? { reason: 'ari', dueAt: suggested } : { reason: 'ending', dueAt: latest };
}

/** Until when a stored certificate can wait at the latest, whatever the CA says; null when none is stored. */
export function latestRenewal(certificate: Pick<RenewalFacts, 'not_before' | 'not_after'>): Date | null {
  const life = lifeOf(certificate);
  return life === null ? null : dangerAt(life);
}

/**
 * From when on a stored certificate ends soon by its own life: a tenth of it is left, or half of the time
 * between its due day and its end is over. Null for a certificate that doesn't exist: it doesn't end.
 */
export function endingSoonAt(certificate: RenewalFacts): Date | null {
  const [life, renewal] = [lifeOf(certificate), renewalOf(certificate)];
  if (life === null || renewal === null) return null;
  const halfOfSlack = (renewal.dueAt.getTime() + life.end.getTime()) / 2;
  return new Date(Math.min(halfOfSlack, dangerAt(life).getTime()));
}

export function isEndingSoon(certificate: RenewalFacts, now: Date): boolean {
  const at = endingSoonAt(certificate);
  return at !== null && now >= at;
}

/**
 * The urgency of a certificate. First come certificates that don't exist, then those about to end, then those
 * that the CA wants replaced by now, as after it revoked them (RFC 9773 §4.2: a window in the past), then the
 * others. Among each the smaller share of life left goes first.
 * @returns a pair to compare: the rank, then the share
 */
export function urgencyOf(certificate: RenewalFacts, now: Date): [rank: number, shareLeft: number] {
  const life = lifeOf(certificate);
  if (life === null) return [0, 0];
  const end = life.end.getTime();
  const shareLeft = (end - now.getTime()) / (end - life.begin.getTime());
  if (shareLeft < leastShare) return [1, shareLeft];
  const windowEnd = certificate.ari_window_end;
  const isOverdue = certificate.revoked_at !== null || (windowEnd !== null && windowEnd <= now);
  return [isOverdue ? 2 : 3, shareLeft];
}

/** How far our clock may be ahead of the CA's or behind it. */
const clockSkewMs = 10 * 60_000;

/** Whether the CA's suggested window (RFC 9773 §4.2) is open now, also by a clock that is a little off. */
export function isWindowOpen(certificate: CertificateRow, now: Date): boolean {
  const { ari_window_start: start, ari_window_end: end } = certificate;
  if (start === null || end === null) return false;
  return later(start, clockSkewMs) <= now && now <= later(end, -clockSkewMs);
}

/** Whether a new order can say that it replaces the stored certificate (RFC 9773 §5). */
export function isReplaceable({ ari_id, order_id, revoked_at }: CertificateRow): boolean {
  return ari_id !== null && order_id !== null && revoked_at === null;
}

/** The life of the stored certificate; null when nothing is stored. */
export function lifeOf({
  not_before: begin,
  not_after: end,
}: Pick<RenewalFacts, 'not_before' | 'not_after'>): Life | null {
  return begin === null || end === null ? null : { begin, end };
}
