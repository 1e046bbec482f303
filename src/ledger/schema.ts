import type { Generated, Selectable } from 'kysely';
import type { LimitName } from '../ca-limits.ts';
import type { ErrorRecord } from '../errors.ts';
import type { AnyJson, Counts, Flag, Instant, JsonObject, Names, RunReasons } from './columns.ts';
import type { FoundUrlTable } from './tables/found-url-table.ts';
import type { IdentifierTable, NameServerDelayTable, ProbeTable } from './tables/name-tables.ts';
import type { AccountPurpose, CertificateOrigin, HoldScope } from './states.ts';
import type {
  AuthorizationTable,
  OrderAuthorizationTable,
  OrderTable,
  PresentationTable,
} from './tables/order-tables.ts';

/** The tables, as docs/ledger.md specifies them. */
export interface Schema {
  accounts: AccountTable;
  runs: RunTable;
  orders: OrderTable;
  authorizations: AuthorizationTable;
  order_authorizations: OrderAuthorizationTable;
  presentations: PresentationTable;
  certificates: CertificateTable;
  identifiers: IdentifierTable;
  name_server_delays: NameServerDelayTable;
  probes: ProbeTable;
  holds: HoldTable;
  limit_buckets: LimitBucketTable;
  limit_reservations: LimitReservationTable;
  found_urls: FoundUrlTable;
  events: EventTable;
}

export interface AccountTable {
  id: Generated<number>;
  /** The directory URL of its CA. */
  ca: string;
  /** The account URL; null until the CA has answered newAccount. */
  url: string | null;
  /** The key's file, relative to the state directory. */
  key_file: string;
  /** RFC 7638, base64url. */
  key_thumbprint: string;
  email: string | null;
  status: string;
  created_at: Instant;
  /** Written by every admission: on PostgreSQL this row's lock keeps two admissions apart. */
  gate_checked_at: Instant | null;
  purpose: Generated<AccountPurpose>;
}

/** One process of ours. A live lease protects the orders that it owns from the clean-up of all others. */
export interface RunTable {
  id: string;
  host: string;
  /** Boot and process namespace: a process number means nothing outside of them. */
  process_space: string;
  pid: number;
  /**
   * When the kernel started the process: tells the process from a later one with the same number. Empty where
   * unknown.
   */
  process_start: string;
  command: string;
  started_at: Instant;
  lease_until: Instant;
  ended_at: Instant | null;
  /** The same for all runs of one process, a UUID; null for runs of older versions. */
  invocation: string | null;
  /** The process's arguments, without secrets. */
  arguments: Names | null;
  /** How the process ended; null until then, and for ever after a kill. */
  exit_code: number | null;
  /** What the process's sums say, by kind. */
  counts: Counts | null;
  /** Why not all was done. */
  reasons: RunReasons | null;
}

/** A certificate that should exist, and the one that is stored. */
export interface CertificateTable {
  id: Generated<number>;
  name: string;
  account_id: number | null;
  ca: string;
  names: Names;
  key_type: string;
  reuse_key: Flag;
  profile: string;
  preferred_chain: string | null;
  /** Solver settings. */
  settings: JsonObject;
  /** The person's own CSR, DER in base64; no private key of ours then. */
  csr: string | null;
  deploy_hook: string | null;
  serial: string | null;
  not_before: Instant | null;
  not_after: Instant | null;
  /** The order that the stored certificate came from. */
  order_id: number | null;
  stored_at: Instant | null;
  /** The names of the stored certificate when they aren't `names` as wanted then: JSON list. */
  issued_names: Names | null;
  deployed_at: Instant | null;
  revoked_at: Instant | null;
  removed_at: Instant | null;
  last_attempt_at: Instant | null;
  /** ERROR of the last attempt; null after a success. */
  last_error: ErrorRecord | null;
  created_at: Instant;
  /** Who said last what the certificate should be. */
  origin: Generated<CertificateOrigin>;
  /**
   * The stored certificate's identifier for renewal information (RFC 9773 §4.1); null until it is first asked
   * for.
   */
  ari_id: string | null;
  /** The window in which the CA suggests to renew (RFC 9773 §4.2), as it last said. */
  ari_window_start: Instant | null;
  ari_window_end: Instant | null;
  /** The moment drawn in that window; drawn anew only when the window changes. */
  ari_renew_at: Instant | null;
  ari_explanation_url: string | null;
  /** Renewal information isn't asked for before; null: it never was. */
  ari_ask_at: Instant | null;
  /** ERROR of the last question; null after an answer. */
  ari_error: ErrorRecord | null;
  /** Questions in a row that met a passing fault. */
  ari_failures: Generated<number>;
  /** Since when `renew` leaves it alone; null: it doesn't, or the pause was ended. */
  paused_at: Instant | null;
  /** The end of the pause; null: until somebody ends it. */
  paused_until: Instant | null;
}

/** A wait that the CA asked for (Retry-After of 429 and 503); for every run on this ledger. */
export interface HoldTable {
  id: Generated<number>;
  account_id: number;
  scope: HoldScope;
  /** The domain, the name, or the names (as `names_key`); empty where the scope says all. */
  subject: string;
  /** The CA's name for the limit, where the CA gives one. */
  limit_name: string;
  not_before: Instant;
  /** When the CA said so, by our clock. */
  noted_at: Instant;
  /** ERROR of docs/json.md: the CA's answer. */
  error: ErrorRecord;
}

/** How much of one limit of the CA is used (src/token-bucket.ts). */
export interface LimitBucketTable {
  id: Generated<number>;
  /** The CA's directory URL, or `account ID`. */
  scope: string;
  limit_name: LimitName;
  subject: string;
  /** The limit as it was when the row was written. */
  max: number;
  period_seconds: number;
  /** When all tokens will be there again. */
  full_at: Instant;
  noted_at: Instant;
}

/**
 * A token that an order may still take of a bucket: counted as used until its certificate is issued or the
 * order is concluded.
 */
export interface LimitReservationTable {
  order_id: number;
  bucket_id: number;
}

/** The history: append-only. */
export interface EventTable {
  id: Generated<number>;
  at: Instant;
  run_id: string | null;
  account_id: number | null;
  order_id: number | null;
  authorization_id: number | null;
  certificate_name: string | null;
  kind: string;
  data: AnyJson;
}

export type AccountRow = Selectable<AccountTable>;

export type RunRow = Selectable<RunTable>;

export type OrderRow = Selectable<OrderTable>;

export type AuthorizationRow = Selectable<AuthorizationTable>;

export type PresentationRow = Selectable<PresentationTable>;

export type CertificateRow = Selectable<CertificateTable>;

export type IdentifierRow = Selectable<IdentifierTable>;

export type ProbeRow = Selectable<ProbeTable>;

export type HoldRow = Selectable<HoldTable>;

export type LimitBucketRow = Selectable<LimitBucketTable>;

export type EventRow = Selectable<EventTable>;
