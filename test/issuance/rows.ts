import type { AuthorizationRow, CertificateRow, OrderRow } from '../../src/ledger/schema.ts';

/* Rows as the ledger holds them, for decisions that need no ledger. */

export function orderRow(given: Partial<OrderRow> = {}): OrderRow {
  return {
    id: 1,
    account_id: 1,
    certificate_name: 'one.test',
    names: '["one.test"]',
    names_key: 'one.test',
    profile: '',
    replaces: null,
    rehearsal: null,
    status: 'pending',
    url: 'https://ca.test/order/1',
    finalize_url: 'https://ca.test/finalize/1',
    certificate_url: null,
    expires_at: '2026-01-08T00:00:00.000Z',
    reserved: 0,
    reserved_until: '2026-01-08T00:00:00.000Z',
    run_id: 'run',
    kept_until: null,
    finalize_sent_at: null,
    concluded_at: null,
    error: null,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    ...given,
  };
}

export function authorizationRow(given: Partial<AuthorizationRow> = {}): AuthorizationRow {
  return {
    id: 1,
    account_id: 1,
    url: 'https://ca.test/authz/1',
    identifier_type: 'dns',
    identifier: 'one.test',
    wildcard: 0,
    status: 'pending',
    challenge: 'none',
    challenge_type: null,
    challenge_url: null,
    submitted_at: null,
    refused_at: null,
    source: 'order',
    created_at: '2026-01-01T00:00:00.000Z',
    checked_at: '2026-01-01T00:00:00.000Z',
    expires_at: null,
    error: null,
    ...given,
  };
}

export function certificateRow(given: Partial<CertificateRow> = {}): CertificateRow {
  return {
    id: 1,
    name: 'one.test',
    account_id: 1,
    ca: 'https://ca.test/dir',
    names: '["one.test"]',
    key_type: 'ec256',
    reuse_key: 0,
    profile: '',
    preferred_chain: null,
    settings: '{}',
    csr: null,
    deploy_hook: null,
    serial: null,
    not_before: null,
    not_after: null,
    order_id: null,
    stored_at: null,
    issued_names: null,
    deployed_at: null,
    revoked_at: null,
    removed_at: null,
    last_attempt_at: null,
    last_error: null,
    created_at: '2026-01-01T00:00:00.000Z',
    origin: 'command',
    ari_id: null,
    ari_window_start: null,
    ari_window_end: null,
    ari_renew_at: null,
    ari_explanation_url: null,
    ari_ask_at: null,
    ari_error: null,
    ari_failures: 0,
    ...given,
  };
}
