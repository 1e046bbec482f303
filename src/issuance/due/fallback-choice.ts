import { isCaUnusable } from '../../error-kinds.ts';
import type { ErrorRecord } from '../../errors.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { RenewalFacts } from '../../ledger/certificates/certificates.ts';
import { endingSoonAt, latestRenewal } from './renewal-window.ts';

/**
 * How long `renew` leaves a certificate that doesn't exist yet to its wanted CA, after it was written down.
 */
const newWaitsMs = 86_400_000;

type Facts = Pick<CertificateRow, 'not_before' | 'not_after' | 'revoked_at' | 'created_at'>;

/**
 * Whether the CA's error keeps the certificate waiting for longer than it can. A stored certificate can wait
 * until a tenth of its life is left, a revoked one can't; one that doesn't exist can wait for a day.
 * @param options.isAskedFor a person waits: a certificate that doesn't exist can't wait at all
 */
export function isForFallback(
  error: ErrorRecord | null,
  certificate: Facts,
  { now, isAskedFor }: { now: Date; isAskedFor: boolean },
): boolean {
  if (error === null || !isCaUnusable(error)) return false;
  const until = error.retryAt === null ? now.getTime() : Math.max(now.getTime(), Date.parse(error.retryAt));
  return until >= lastMoment(certificate, isAskedFor);
}

function lastMoment(certificate: Facts, isAskedFor: boolean): number {
  if (certificate.revoked_at !== null) return 0;
  const latest = latestRenewal(certificate);
  if (latest !== null) return latest.getTime();
  return isAskedFor ? 0 : certificate.created_at.getTime() + newWaitsMs;
}

/**
 * Whether a certificate that is due waits for longer than it can, by the time that its error names: a stored
 * one can wait until it ends soon, one that doesn't exist for a day, and a revoked one can't.
 */
export function waitsTooLong(
  error: Pick<ErrorRecord, 'retryAt'> | null,
  certificate: RenewalFacts & Pick<CertificateRow, 'created_at'>,
  now: Date,
): boolean {
  const retryMs = Date.parse(error?.retryAt ?? '');
  const until = Number.isNaN(retryMs) ? now.getTime() : Math.max(now.getTime(), retryMs);
  if (certificate.revoked_at !== null) return until > now.getTime();
  const latest = endingSoonAt(certificate)?.getTime() ?? certificate.created_at.getTime() + newWaitsMs;
  return until >= latest;
}
