import type { Generated } from 'kysely';
import type { ErrorRecord } from '../../errors.ts';
import type { Flag, Instant, JsonObject, Names } from '../columns.ts';
import type { AuthorizationSource, AuthorizationStatus, ChallengeProgress, OrderStatus } from '../states.ts';

/** An order: the intent from before newOrder, then the CA's answer. */
export interface OrderTable {
  id: Generated<number>;
  account_id: number;
  /** Name of the certificate that the order is for. */
  certificate_name: string;
  /** JSON list of names in the order asked for, wildcards with `*.`. */
  names: Names;
  /** The names in a form to compare: sorted, blank-separated. */
  names_key: string;
  /** Empty: no profile was asked for. Boulder tells "none" from the default's name. */
  profile: string;
  replaces: string | null;
  /**
   * The solver's settings that the order rehearses with, as `certificates.settings`; null for an order whose
   * certificate is wanted.
   */
  rehearsal: JsonObject | null;
  status: OrderStatus;
  url: string | null;
  finalize_url: string | null;
  certificate_url: string | null;
  expires_at: Instant | null;
  /** Authorizations that this intent may still open at the CA; counted by the gate until then. */
  reserved: number;
  /** When all authorizations that a lost answer opened must have expired at the CA. */
  reserved_until: Instant;
  /** The run that owns the order; null when none does. */
  run_id: string | null;
  /** Policy `resume`: until then the next attempt may take the order up, and clean-up leaves it alone. */
  kept_until: Instant | null;
  /** When finalize was sent; written before its POST. */
  finalize_sent_at: Instant | null;
  /**
   * SHA-256, base64url, of the CSR that finalize was sent with. Null before, and for finalizes of older
   * versions.
   */
  csr_sha256: string | null;
  /**
   * When the CA had been working on the order for too long: another order may be made for its names, and this
   * one is watched.
   */
  stuck_at: Instant | null;
  /**
   * When nothing was left to do for the order: its certificate is stored, or it was given up. Until then it
   * is the order for its names.
   */
  concluded_at: Instant | null;
  /** ERROR of docs/json.md. */
  error: ErrorRecord | null;
  created_at: Instant;
  updated_at: Instant;
}

export interface AuthorizationTable {
  id: Generated<number>;
  account_id: number;
  url: string;
  /** `dns` or `ip`; null until the authorization was fetched: its place in the order's list says nothing. */
  identifier_type: string | null;
  /** The name without `*.`. */
  identifier: string | null;
  wildcard: Flag;
  /** The status that the CA last showed, at `checked_at`. */
  status: AuthorizationStatus;
  challenge: ChallengeProgress;
  challenge_type: string | null;
  challenge_url: string | null;
  submitted_at: Instant | null;
  /** When the CA refused to deactivate the authorization: it stays open until it expires. */
  refused_at: Instant | null;
  source: AuthorizationSource;
  created_at: Instant;
  checked_at: Instant | null;
  expires_at: Instant | null;
  /** ERROR of docs/json.md. */
  error: ErrorRecord | null;
  /**
   * The client in whose log the authorization was found; null: in none, or the log doesn't show the client.
   */
  client: string | null;
  log_file: string | null;
  /** When the log's line was written, where the line says so. */
  logged_at: Instant | null;
  /** The run that closes the authorization, or was to when it ended; written before the POST. */
  closing_run_id: string | null;
}

export interface OrderAuthorizationTable {
  order_id: number;
  authorization_id: number;
}

/** An answer that a solver put up; enough for another process to take it down. */
export interface PresentationTable {
  id: Generated<number>;
  authorization_id: number;
  order_id: number;
  /** Solver settings (src/challenges/settings.ts), no secrets. */
  settings: JsonObject;
  challenge_type: string;
  identifier_type: string;
  identifier: string;
  token: string;
  key_authorization: string;
  /** When the row was written, before the solver acts. */
  created_at: Instant;
  cleaned_at: Instant | null;
  /** Why the last clean-up failed. */
  error: ErrorRecord | null;
}
