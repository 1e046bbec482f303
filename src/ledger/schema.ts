import type { Generated, Selectable } from 'kysely';
import type { LimitName } from '../ca-limits.ts';
import type { Flag, Instant, Json } from './columns.ts';
import type { FoundUrlTable } from './found-url-table.ts';
import type { IdentifierTable, ProbeTable } from './schema-names.ts';
import type {
  AccountPurpose,
  AuthorizationSource,
  AuthorizationStatus,
  CertificateOrigin,
  ChallengeProgress,
  HoldScope,
  OrderStatus,
} from './states.ts';

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
  /** Touched by every admission: on PostgreSQL this row lock is what keeps two admissions apart. */
  gate_checked_at: Instant | null;
  purpose: Generated<AccountPurpose>;
}

/** One process of ours. A live lease protects the orders that it owns from everybody else's clean-up. */
export interface RunTable {
  id: string;
  host: string;
  /** Boot and process namespace: a process number means nothing outside of them. */
  process_space: string;
  pid: number;
  /** When the kernel started the process; tells a number used again from the process that had it. Empty where unknown. */
  process_start: string;
  command: string;
  started_at: Instant;
  lease_until: Instant;
  ended_at: Instant | null;
}

export interface OrderTable {
  id: Generated<number>;
  account_id: number;
  /** Name of the certificate that it is for. */
  certificate_name: string;
  /** JSON list of names in the order asked for, wildcards with `*.`. */
  names: Json;
  /** The same set in a form to compare: sorted, blank-separated. */
  names_key: string;
  /** Empty: none asked for. Boulder tells "none" from the default's name. */
  profile: string;
  replaces: string | null;
  /** The solver's settings that it rehearses with, as `certificates.settings`; null for an order whose certificate is wanted. */
  rehearsal: Json | null;
  status: OrderStatus;
  url: string | null;
  finalize_url: string | null;
  certificate_url: string | null;
  expires_at: Instant | null;
  /** Authorizations that this intent may still open at the CA; counted by the gate until then. */
  reserved: number;
  /** When whatever a lost answer opened must have expired at the CA. */
  reserved_until: Instant;
  /** The run that owns it; null when nobody does. */
  run_id: string | null;
  /** Policy `resume`: until then the next attempt may take it up, and clean-up leaves it alone. */
  kept_until: Instant | null;
  /** Written before the finalize POST. */
  finalize_sent_at: Instant | null;
  /** Of the CSR that finalize was sent with: SHA-256, base64url. Null before, and for finalizes of older versions. */
  csr_sha256: string | null;
  /** When the CA had been at it for longer than it takes: another order may be made for its names, and this one is watched. */
  stuck_at: Instant | null;
  /** When nothing was left to do for it: the certificate is stored, or it was given up. Until then it is the order for its names. */
  concluded_at: Instant | null;
  /** ERROR of docs/json.md. */
  error: Json | null;
  created_at: Instant;
  updated_at: Instant;
}

export interface AuthorizationTable {
  id: Generated<number>;
  account_id: number;
  url: string;
  /** `dns` or `ip`; null until it was fetched: its place in the order's list says nothing. */
  identifier_type: string | null;
  /** Without `*.`. */
  identifier: string | null;
  wildcard: Flag;
  /** What the CA last said, at `checked_at`. */
  status: AuthorizationStatus;
  challenge: ChallengeProgress;
  challenge_type: string | null;
  challenge_url: string | null;
  submitted_at: Instant | null;
  /** When the CA refused to deactivate it: it stays open until it expires. */
  refused_at: Instant | null;
  source: AuthorizationSource;
  created_at: Instant;
  checked_at: Instant | null;
  expires_at: Instant | null;
  /** ERROR of docs/json.md. */
  error: Json | null;
  /** The client in whose log it was found; null where it wasn't, or the log doesn't show it. */
  client: string | null;
  log_file: string | null;
  /** When that line was written, where it says so. */
  logged_at: Instant | null;
  /** The run that closes it, or was to when it ended; written before the POST. */
  closing_run_id: string | null;
}

export interface OrderAuthorizationTable {
  order_id: number;
  authorization_id: number;
}

/** What a solver put up; enough for another process to take it down. */
export interface PresentationTable {
  id: Generated<number>;
  authorization_id: number;
  order_id: number;
  /** Solver settings (src/challenges/settings.ts), no secrets. */
  settings: Json;
  challenge_type: string;
  identifier_type: string;
  identifier: string;
  token: string;
  key_authorization: string;
  /** Written before the solver acts. */
  created_at: Instant;
  cleaned_at: Instant | null;
  /** Why the last clean-up failed. */
  error: Json | null;
}

/** A certificate that should exist, and what exists of it. */
export interface CertificateTable {
  id: Generated<number>;
  name: string;
  account_id: number | null;
  ca: string;
  names: Json;
  key_type: string;
  reuse_key: Flag;
  profile: string;
  preferred_chain: string | null;
  /** Solver settings. */
  settings: Json;
  /** The person's own CSR, DER in base64; no private key of ours then. */
  csr: string | null;
  deploy_hook: string | null;
  serial: string | null;
  not_before: Instant | null;
  not_after: Instant | null;
  /** The order that the stored certificate came from. */
  order_id: number | null;
  stored_at: Instant | null;
  /** The names of the stored one when they aren't `names` as wished for then: JSON list. */
  issued_names: Json | null;
  deployed_at: Instant | null;
  revoked_at: Instant | null;
  removed_at: Instant | null;
  last_attempt_at: Instant | null;
  /** ERROR of the last attempt; null after a success. */
  last_error: Json | null;
  created_at: Instant;
  /** Who said last what it should be. */
  origin: Generated<CertificateOrigin>;
  /** The stored certificate's identifier for renewal information (RFC 9773 §4.1); null until it is first asked for. */
  ari_id: string | null;
  /** The window in which the CA suggests to renew (RFC 9773 §4.2), as it last said. */
  ari_window_start: Instant | null;
  ari_window_end: Instant | null;
  /** The moment drawn in that window; drawn anew only when the window changes. */
  ari_renew_at: Instant | null;
  ari_explanation_url: string | null;
  /** Not to be asked for before; null: it never was. */
  ari_ask_at: Instant | null;
  /** ERROR of the last question; null after an answer. */
  ari_error: Json | null;
  /** Questions in a row that met a passing fault. */
  ari_failures: Generated<number>;
}

/** The CA asked not to be asked for this before a time (Retry-After of 429 and 503); for every run on this ledger. */
export interface HoldTable {
  id: Generated<number>;
  account_id: number;
  scope: HoldScope;
  /** The domain, the name, or the names (as `names_key`); empty where the scope says all. */
  subject: string;
  /** The CA's name for the limit where it has one. */
  limit_name: string;
  not_before: Instant;
  /** When the CA said so, by our clock. */
  noted_at: Instant;
  /** ERROR of docs/json.md: what the CA answered. */
  error: Json;
}

/** How much of one limit of the CA is used (src/token-bucket.ts). */
export interface LimitBucketTable {
  id: Generated<number>;
  /** The CA's directory URL, or `account ID`. */
  scope: string;
  limit_name: LimitName;
  subject: string;
  /** The limit as it was when this was written. */
  max: number;
  period_seconds: number;
  /** When all of it will be there again. */
  full_at: Instant;
  noted_at: Instant;
}

/** What an order may still take of a bucket: counted as used until its certificate is issued or it is concluded. */
export interface LimitReservationTable {
  order_id: number;
  bucket_id: number;
}

/** Append-only. */
export interface EventTable {
  id: Generated<number>;
  at: Instant;
  run_id: string | null;
  account_id: number | null;
  order_id: number | null;
  authorization_id: number | null;
  certificate_name: string | null;
  kind: string;
  data: Json | null;
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
