import type { StoredCertificate } from '../certificates/store.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import type { ErrorRecord } from '../errors.ts';
import { missingNames } from '../issuance/names/name-choice.ts';
import { isProbeable } from '../issuance/names/failing-names.ts';
import type { ListedAuthorization } from '../ledger/authorizations/authorization-list.ts';
import { standingOf } from '../ledger/names/failing-names.ts';
import { pauseOf } from '../pause.ts';
import type {
  AccountRow,
  CertificateRow,
  EventRow,
  HoldRow,
  IdentifierRow,
  OrderRow,
} from '../ledger/schema.ts';

/* The JSON of docs/json.md, from rows of the ledger. Scripts rely on the names. */

export type AuthorizationJson = ReturnType<typeof authorizationJson>;

export function authorizationJson(row: ListedAuthorization) {
  return {
    id: row.id,
    url: row.url,
    ca: row.ca,
    account: row.accountUrl,
    identifier: row.identifier,
    wildcard: row.wildcard === 1,
    status: row.status,
    challenge: row.challenge,
    challengeType: row.challenge_type,
    submittedAt: row.submitted_at,
    createdAt: row.created_at,
    checkedAt: row.checked_at,
    expiresAt: row.expires_at,
    refusedAt: row.refused_at,
    orders: row.orderIds,
    source: row.source,
    client: row.client,
    logFile: row.log_file,
    loggedAt: row.logged_at,
    error: errorJson(row.error),
  };
}

export type OrderJson = ReturnType<typeof orderJson>;

export function orderJson(row: OrderRow) {
  return {
    id: row.id,
    url: row.url,
    status: row.status,
    names: JSON.parse(row.names) as string[],
    certificateName: row.certificate_name,
    profile: row.profile === '' ? null : row.profile,
    rehearsal: row.rehearsal !== null,
    reserved: row.reserved,
    owner: row.run_id,
    keptUntil: row.kept_until,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    expiresAt: row.expires_at,
    error: errorJson(row.error),
  };
}

export type AccountJson = ReturnType<typeof accountJson>;

export function accountJson(row: AccountRow) {
  return {
    id: row.id,
    ca: row.ca,
    url: row.url,
    status: row.status,
    email: row.email,
    keyFile: row.key_file,
    keyThumbprint: row.key_thumbprint,
    purpose: row.purpose,
    createdAt: row.created_at,
  };
}

export type CertificateJson = ReturnType<typeof certificateJson>;

/** @param stored what lies on disk, which tells what the certificate holds; null where it wasn't looked at, or isn't there */
export function certificateJson(row: CertificateRow, dueAt: Date | null, stored: StoredCertificate | null) {
  const names = JSON.parse(row.names) as string[];
  return {
    name: row.name,
    names,
    leftOut: stored === null ? missingNames(row) : names.filter((name) => !stored.names.includes(name)),
    ca: row.ca,
    keyType: row.key_type,
    profile: row.profile === '' ? null : row.profile,
    serial: row.serial,
    notBefore: row.not_before,
    notAfter: row.not_after,
    dueAt: dueAt?.toISOString() ?? null,
    storedAt: row.stored_at,
    deployedAt: row.deployed_at,
    revokedAt: row.revoked_at,
    deployHook: row.deploy_hook,
    settings: JSON.parse(row.settings) as SolverSettings,
    lastError: errorJson(row.last_error),
    ari: renewalInfoJson(row),
    stored: stored === null ? null : storedJson(stored, names),
    paths: stored?.paths ?? null,
  };
}

function storedJson(stored: StoredCertificate, wanted: readonly string[]) {
  return {
    names: stored.names,
    added: stored.names.filter((name) => !wanted.includes(name)),
    serial: stored.serial,
    notBefore: stored.notBefore.toISOString(),
    notAfter: stored.notAfter.toISOString(),
    issuer: stored.issuerCommonName,
    keyType: stored.keyType,
  };
}

/** What the CA says of when to renew it (RFC 9773); null when it hasn't said anything, and wasn't asked in vain. */
function renewalInfoJson(row: CertificateRow) {
  if (row.ari_window_start === null && row.ari_error === null) return null;
  return {
    windowStart: row.ari_window_start,
    windowEnd: row.ari_window_end,
    renewAt: row.ari_renew_at,
    explanationUrl: row.ari_explanation_url,
    askAt: row.ari_ask_at,
    error: errorJson(row.ari_error),
  };
}

export type NameJson = ReturnType<typeof nameJson>;

export function nameJson(row: IdentifierRow, ca: string) {
  const pause = row.suspended_at === null ? null : pauseOf(row.last_error);
  return {
    name: row.value,
    ca,
    status: standingOf(row),
    failures: row.consecutive_failures,
    failingSince: row.failing_since,
    suspendedAt: row.suspended_at,
    // What the CA paused is looked at again; what failed for too long waits for a person.
    nextAttemptAt: row.suspended_at === null || pause !== null ? row.next_attempt_at : null,
    unpauseUrl: pause,
    lastFailureAt: row.last_failure_at,
    lastSuccessAt: row.last_success_at,
    error: errorJson(row.last_error),
    isProbed: isProbeable(row),
    probeAt: row.probe_at,
    probeError: errorJson(row.probe_error),
  };
}

export function holdJson(row: HoldRow) {
  return {
    scope: row.scope,
    subject: row.subject,
    limit: row.limit_name,
    notBefore: row.not_before,
    notedAt: row.noted_at,
    error: errorJson(row.error),
  };
}

function errorJson(json: string | null): ErrorRecord | null {
  return json === null ? null : (JSON.parse(json) as ErrorRecord);
}

/** An entry of an authorization's or an order's history. */
export type EventJson = ReturnType<typeof eventJson>;

export function eventJson(event: EventRow): { at: string; kind: string; run: string | null; data: unknown } {
  return {
    at: event.at,
    kind: event.kind,
    run: event.run_id,
    data: event.data === null ? null : (JSON.parse(event.data) as unknown),
  };
}
