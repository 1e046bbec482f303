import type { ListedAuthorization } from '../ledger/authorizations/authorization-list.ts';
import type { AccountRow, EventRow, HoldRow, OrderRow } from '../ledger/schema.ts';

/* The JSON of docs/json.md, from rows of the ledger. Scripts rely on the names. */

export type AuthorizationJson = ReturnType<typeof authorizationJson>;

export function authorizationJson(row: ListedAuthorization) {
  return {
    id: row.id,
    url: row.url,
    ca: row.ca,
    account: row.accountUrl,
    identifier: row.identifier,
    wildcard: row.wildcard,
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
    error: row.error,
  };
}

export type OrderJson = ReturnType<typeof orderJson>;

export function orderJson(row: OrderRow) {
  return {
    id: row.id,
    url: row.url,
    status: row.status,
    names: row.names,
    certificateName: row.certificate_name,
    profile: row.profile === '' ? null : row.profile,
    rehearsal: row.rehearsal !== null,
    reserved: row.reserved,
    owner: row.run_id,
    keptUntil: row.kept_until,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    expiresAt: row.expires_at,
    error: row.error,
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

export function holdJson(row: HoldRow) {
  return {
    scope: row.scope,
    subject: row.subject,
    limit: row.limit_name,
    notBefore: row.not_before,
    notedAt: row.noted_at,
    error: row.error,
  };
}

/** An entry of an authorization's or an order's history. */
export type EventJson = ReturnType<typeof eventJson>;

export function eventJson(event: EventRow): { at: Date; kind: string; run: string | null; data: unknown } {
  return {
    at: event.at,
    kind: event.kind,
    run: event.run_id,
    data: event.data,
  };
}
