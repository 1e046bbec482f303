import type { StoredCertificate } from '../certificates/store.ts';
import type { SolverRules } from '../challenges/proof/solver-rules.ts';
import { systemClock } from '../clock.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import { missingNames } from '../issuance/names/name-choice.ts';
import { renewalOf } from '../issuance/due/renewal-window.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { Standing } from '../plan/standings.ts';
import { proofShown } from './texts/proven-by.ts';
import { storedStatus } from './certificate-status.ts';

export type CertificateJson = ReturnType<typeof certificateJson>;

/**
 * @param stored the files on disk, which show the certificate's real content; null where they weren't looked
 * at, or aren't there
 * @param standing where it stands with `renew` if it is due
 * @param rules how the configuration proves names
 */
export function certificateJson(
  row: CertificateRow,
  stored: StoredCertificate | null,
  standing: Standing | undefined,
  rules: SolverRules,
) {
  const [names, now] = [row.names, systemClock.now()];
  return {
    name: row.name,
    status: storedStatus(row, standing, now),
    names,
    leftOut: stored === null ? missingNames(row) : names.filter((name) => !stored.names.includes(name)),
    ca: row.ca,
    keyType: row.key_type,
    profile: row.profile === '' ? null : row.profile,
    serial: row.serial,
    notBefore: row.not_before,
    notAfter: row.not_after,
    dueAt: dueAtOf(row),
    due: standing === undefined ? null : standingJson(standing),
    storedAt: row.stored_at,
    deployedAt: row.deployed_at,
    revokedAt: row.revoked_at,
    paused: pauseOf(row, now),
    deployHook: row.deploy_hook,
    settings: row.settings,
    provenBy: proofShown(row.settings, names, rules).provenBy,
    lastError: row.last_error,
    lastAttemptAt: row.last_attempt_at,
    ari: renewalInfoJson(row),
    stored: stored === null ? null : storedJson(stored, names),
    paths: stored?.paths ?? null,
  };
}

function dueAtOf(row: CertificateRow): Date | null {
  // A revoked certificate is replaced by the next renew, however long it was good for.
  if (row.revoked_at !== null) return row.revoked_at;
  return row.order_id === null ? null : (renewalOf(row)?.dueAt ?? null);
}

/** Why a certificate is due, and what it waits for; `waitsFor` is null when the next `renew` works on it. */
function standingJson({ due, waitsFor, error }: Standing) {
  return { reason: due.reason, waitsFor, until: error?.retryAt ?? null, error };
}

function storedJson(stored: StoredCertificate, wanted: readonly string[]) {
  return {
    names: stored.names,
    added: stored.names.filter((name) => !wanted.includes(name)),
    serial: stored.serial,
    notBefore: stored.notBefore,
    notAfter: stored.notAfter,
    issuer: stored.issuerCommonName,
    keyType: stored.keyType,
  };
}

/**
 * The CA's suggestion when to renew the certificate (RFC 9773); null when the CA hasn't made one, and wasn't
 * asked in vain.
 */
function renewalInfoJson(row: CertificateRow) {
  if (row.ari_window_start === null && row.ari_error === null) return null;
  return {
    windowStart: row.ari_window_start,
    windowEnd: row.ari_window_end,
    renewAt: row.ari_renew_at,
    explanationUrl: row.ari_explanation_url,
    askAt: row.ari_ask_at,
    error: row.ari_error,
  };
}
