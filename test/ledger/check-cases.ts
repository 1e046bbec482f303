import type { FindingCode } from '../../src/ledger/check/finding.ts';
import { noon } from './new-ledger.ts';

/** A state that can't be, brought about once. */
export interface Case {
  code: FindingCode;
  /** What another program did to the ledger of `usedLedger`. */
  breaking: string;
  /** Table and id of the finding. */
  at: [table: string | null, id: number | string | null];
  isMended: boolean;
}

/** So many days after the moment of these tests. */
export const later = (days: number): string => new Date(noon.getTime() + days * 86_400_000).toISOString();

/** The rows are those of `usedLedger`. */
export const cases: Case[] = [
  {
    code: 'account-half-registered',
    breaking: `update accounts set url = null`,
    at: ['accounts', 1],
    isMended: false,
  },
  {
    code: 'order-intent-answered',
    breaking: `update orders set url = 'https://ca.test/order/lost' where id = 3`,
    at: ['orders', 3],
    isMended: false,
  },
  {
    code: 'order-reserves-answered',
    breaking: `update orders set status = 'abandoned', concluded_at = created_at, reserved = 2 where id = 1`,
    at: ['orders', 1],
    isMended: true,
  },
  {
    code: 'order-concluded-unfinished',
    breaking: `update orders set concluded_at = '${noon.toISOString()}' where id = 1`,
    at: ['orders', 1],
    isMended: true,
  },
  {
    code: 'order-concluded-unfinished',
    breaking: `update orders set concluded_at = '${noon.toISOString()}' where id = 3`,
    at: ['orders', 3],
    isMended: true,
  },
  {
    code: 'order-concluded-unfinished',
    breaking: `update orders set status = 'processing' where id = 2`,
    at: ['orders', 2],
    isMended: false,
  },
  {
    code: 'order-kept-and-owned',
    breaking: `update orders set kept_until = '${later(1)}' where id = 1`,
    at: ['orders', 1],
    isMended: true,
  },
  {
    code: 'order-kept-too-long',
    breaking: `update orders set run_id = null, kept_until = '${later(365)}' where id = 1`,
    at: ['orders', 1],
    isMended: true,
  },
  {
    code: 'reservation-too-long',
    breaking: `update orders set reserved_until = '${later(365)}' where id = 3`,
    at: ['orders', 3],
    isMended: true,
  },
  {
    code: 'hold-too-long',
    breaking: `insert into holds (account_id, scope, subject, limit_name, not_before, noted_at, error)
      values (1, 'requests', '', 'rateLimited', '${later(30)}', '${later(-1)}', '{}')`,
    at: ['holds', 1],
    isMended: true,
  },
  {
    code: 'limit-used-too-long',
    breaking: `insert into limit_buckets (scope, limit_name, subject, max, period_seconds, full_at, noted_at)
      values ('account 1', 'new-orders', '', 300, 10800, '${later(30)}', '${later(-1)}')`,
    at: ['limit_buckets', 1],
    isMended: true,
  },
  {
    code: 'order-without-authorizations',
    breaking: `delete from order_authorizations where order_id = 1; update presentations set cleaned_at = created_at;
      update authorizations set source = 'discovered' where id < 3;
      update authorizations set challenge = 'none' where id = 1`,
    at: ['orders', 1],
    isMended: false,
  },
  {
    code: 'order-names-differ',
    breaking: `update orders set names_key = 'x.test' where id = 1`,
    at: ['orders', 1],
    isMended: false,
  },
  {
    code: 'authorization-without-order',
    breaking: `delete from order_authorizations where authorization_id = 3`,
    at: ['authorizations', 3],
    isMended: true,
  },
  {
    code: 'authorization-without-order',
    breaking: `delete from order_authorizations where authorization_id = 2;
      update presentations set cleaned_at = created_at where authorization_id = 2`,
    at: ['authorizations', 2],
    isMended: false,
  },
  {
    code: 'authorization-of-other-account',
    breaking: `insert into accounts (ca, key_file, key_thumbprint, status, created_at)
      values ('https://other.test/dir', 'other.pem', 'other', 'unregistered', '${noon.toISOString()}');
      update authorizations set account_id = 2 where id = 2`,
    at: ['authorizations', 2],
    isMended: false,
  },
  {
    code: 'submission-forgotten',
    breaking: `update authorizations set challenge = 'none' where id = 2`,
    at: ['authorizations', 2],
    isMended: true,
  },
  {
    code: 'challenge-not-presented',
    breaking: `update presentations set cleaned_at = created_at where id = 1`,
    at: ['authorizations', 1],
    isMended: true,
  },
  {
    code: 'presentation-unlinked',
    breaking: `update presentations set order_id = 2 where id = 1`,
    at: ['presentations', 1],
    isMended: true,
  },
  {
    code: 'presentation-left-up',
    breaking: `update orders set status = 'invalid', run_id = null, concluded_at = '${later(-1)}' where id = 1;
      update authorizations set status = 'invalid' where id = 1`,
    at: ['presentations', 1],
    isMended: false,
  },
  {
    code: 'probe-left-up',
    breaking: `insert into identifiers (account_id, type, value) values (1, 'dns', 'e.test');
      insert into probes (identifier_id, run_id, settings, challenge_type, identifier_type, identifier, token,
        key_authorization, created_at)
      select id, 'run-1', '{}', 'http-01', 'dns', value, 'token', 'token.key', '${later(-1)}' from identifiers
      where value = 'e.test'`,
    at: ['probes', 1],
    isMended: false,
  },
  {
    code: 'certificate-half-stored',
    breaking: `update certificates set not_after = null`,
    at: ['certificates', 1],
    isMended: false,
  },
  {
    code: 'certificate-of-other-order',
    breaking: `update certificates set names = '["other.test"]'`,
    at: ['certificates', 1],
    isMended: false,
  },
  {
    code: 'certificate-of-other-order',
    breaking: `update certificates set issued_names = '["shop.other.test"]'`,
    at: ['certificates', 1],
    isMended: false,
  },
  {
    code: 'certificate-of-other-order',
    breaking: `update certificates set ca = 'https://other.test/dir'; update orders set rehearsal = '{}'`,
    at: ['certificates', 1],
    isMended: false,
  },
  {
    code: 'renewal-window-impossible',
    breaking: `update certificates set ari_window_start = '${later(60)}', ari_window_end = '${later(62)}'`,
    at: ['certificates', 1],
    isMended: true,
  },
  {
    code: 'renewal-window-impossible',
    breaking: `update certificates set ari_window_start = '${later(60)}', ari_window_end = '${later(62)}', ari_renew_at = '${later(40)}'`,
    at: ['certificates', 1],
    isMended: true,
  },
  {
    code: 'json-unreadable',
    breaking: `insert into found_urls (account_id, url, outcome, authorizations, asked_at)
      values (1, 'https://ca.test/order/theirs', 'expanded', '{}', '${noon.toISOString()}')`,
    at: ['found_urls', 1],
    isMended: false,
  },
  {
    code: 'json-unreadable',
    breaking: `update orders set error = '{"code":"ca-pro' where id = 1`,
    at: ['orders', 1],
    isMended: true,
  },
  {
    code: 'json-unreadable',
    breaking: `update orders set names = '"a.test"' where id = 1`,
    at: ['orders', 1],
    isMended: true,
  },
  {
    code: 'json-unreadable',
    breaking: `update events set data = '{' where id = 2`,
    at: ['events', 2],
    isMended: true,
  },
  {
    code: 'json-unreadable',
    breaking: `update certificates set settings = '[]'`,
    at: ['certificates', 1],
    isMended: false,
  },
  {
    code: 'instant-unreadable',
    breaking: `update authorizations set expires_at = '2026-05-02T14:00:00+02:00' where id = 2`,
    at: ['authorizations', 2],
    isMended: true,
  },
  {
    code: 'instant-unreadable',
    breaking: `update authorizations set expires_at = 'tomorrow' where id = 2`,
    at: ['authorizations', 2],
    isMended: false,
  },
  {
    code: 'instant-unreadable',
    breaking: `update authorizations set expires_at = '2026-13-01T00:00:00.000Z' where id = 2`,
    at: ['authorizations', 2],
    isMended: false,
  },
  {
    code: 'reference-broken',
    breaking: `update orders set run_id = 'nobody' where id = 1`,
    at: ['orders', 1],
    isMended: true,
  },
  {
    code: 'reference-broken',
    breaking: `update certificates set order_id = 99`,
    at: ['certificates', 1],
    isMended: false,
  },
  {
    code: 'constraint-broken',
    breaking: `update orders set status = 'finished' where id = 2`,
    at: [null, null],
    isMended: false,
  },
  { code: 'schema-differs', breaking: `drop index orders_one_per_names`, at: [null, null], isMended: false },
  {
    code: 'schema-differs',
    breaking: `drop index orders_url; create index orders_url on orders (url)`,
    at: [null, null],
    isMended: false,
  },
  {
    code: 'schema-differs',
    breaking: `alter table certificates drop column csr`,
    at: [null, null],
    isMended: false,
  },
];
