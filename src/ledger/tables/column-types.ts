import type { Schema } from '../schema.ts';

/** Columns by table; a table that isn't named here is a compile error. */
type Columns<Names> = { [T in keyof Schema]: Names };
type NamesOf<T extends keyof Schema> = readonly (keyof Schema[T] & string)[];

/** Columns of docs/ledger.md's type `instant`. */
export const instantColumns = {
  accounts: ['created_at', 'gate_checked_at'],
  runs: ['started_at', 'lease_until', 'ended_at'],
  orders: [
    'expires_at',
    'reserved_until',
    'kept_until',
    'finalize_sent_at',
    'concluded_at',
    'stuck_at',
    'created_at',
    'updated_at',
  ],
  authorizations: ['submitted_at', 'refused_at', 'created_at', 'checked_at', 'expires_at', 'logged_at'],
  order_authorizations: [],
  presentations: ['created_at', 'cleaned_at'],
  certificates: [
    'not_before',
    'not_after',
    'stored_at',
    'deployed_at',
    'revoked_at',
    'removed_at',
    'last_attempt_at',
    'created_at',
    'ari_window_start',
    'ari_window_end',
    'ari_renew_at',
    'ari_ask_at',
    'paused_at',
    'paused_until',
  ],
  identifiers: [
    'failing_since',
    'next_attempt_at',
    'suspended_at',
    'last_failure_at',
    'last_success_at',
    'probe_at',
  ],
  name_server_delays: ['failed_at', 'proven_at'],
  probes: ['created_at'],
  holds: ['not_before', 'noted_at'],
  limit_buckets: ['full_at', 'noted_at'],
  limit_reservations: [],
  found_urls: ['asked_at'],
  events: ['at'],
} as const satisfies { [T in keyof Schema]: NamesOf<T> };

/** Instants of events to come; all others are of events that have been. */
export const instantsAhead: readonly string[] = [
  'expires_at',
  'reserved_until',
  'kept_until',
  'lease_until',
  'not_before',
  'not_after',
  'ari_window_start',
  'ari_window_end',
  'ari_renew_at',
  'ari_ask_at',
  'paused_until',
  'full_at',
  'next_attempt_at',
  'probe_at',
];

/** Columns of docs/ledger.md's type `flag`. */
export const flagColumns = {
  accounts: [],
  runs: [],
  orders: [],
  authorizations: ['wildcard'],
  order_authorizations: [],
  presentations: [],
  certificates: ['reuse_key'],
  identifiers: [],
  name_server_delays: [],
  probes: [],
  holds: [],
  limit_buckets: [],
  limit_reservations: [],
  found_urls: [],
  events: [],
} as const satisfies { [T in keyof Schema]: NamesOf<T> };

/** The value that a JSON column has at its top. */
export type JsonTop = 'array' | 'object' | 'any';

/** Columns of docs/ledger.md's types `json` and `error`, and the value that their JSON has at its top. */
export const jsonColumns: Columns<Readonly<Record<string, JsonTop>>> = {
  accounts: {},
  runs: { arguments: 'array', counts: 'object', reasons: 'array' },
  orders: { names: 'array', rehearsal: 'object', error: 'object' },
  authorizations: { error: 'object' },
  order_authorizations: {},
  presentations: { settings: 'object', error: 'object' },
  certificates: {
    names: 'array',
    issued_names: 'array',
    settings: 'object',
    last_error: 'object',
    ari_error: 'object',
  },
  identifiers: { last_error: 'object', probe_error: 'object' },
  name_server_delays: {},
  probes: { settings: 'object', error: 'object' },
  holds: { error: 'object' },
  limit_buckets: {},
  limit_reservations: {},
  found_urls: { authorizations: 'array' },
  events: { data: 'any' },
};
