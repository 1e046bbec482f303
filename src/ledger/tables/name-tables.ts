import type { Generated } from 'kysely';
import type { ErrorRecord } from '../../errors.ts';
import type { Instant, JsonObject } from '../columns.ts';
import type { NameStanding } from '../states.ts';

/** The failures and successes of one name on one account. */
export interface IdentifierTable {
  id: Generated<number>;
  account_id: number;
  type: string;
  value: string;
  consecutive_failures: number;
  /** Failures since a success or a `name resume`: the wait until the next attempt grows with them. */
  back_off_step: Generated<number>;
  failing_since: Instant | null;
  /** No order of `renew` holds the name before. */
  next_attempt_at: Instant | null;
  suspended_at: Instant | null;
  /** The standing that the name hook was last told. */
  told: Generated<NameStanding>;
  last_failure_at: Instant | null;
  last_success_at: Instant | null;
  last_error: ErrorRecord | null;
  /** The name isn't probed before; null: it may be at once. */
  probe_at: Instant | null;
  /**
   * Probes that found the name well since a success or a `name resume`: the wait until the next probe grows
   * with them.
   */
  probe_step: Generated<number>;
  /** ERROR of the last probe; null when it found the name well. */
  probe_error: ErrorRecord | null;
}

/** How much longer the CA takes to see records of some name servers than they do to show them. */
export interface NameServerDelayTable {
  id: Generated<number>;
  /** Their names, sorted, with blanks between. */
  servers: string;
  extra_seconds: number;
  /** The last validation that failed for want of a record which all of them showed, and that the wait grew by. */
  failed_at: Instant | null;
  /** The last proof that was noted: the first in each hour. */
  proven_at: Instant | null;
}

/**
 * The answer that a probe put up, or was about to; enough for another process to take it down. Deleted once
 * it is down.
 */
export interface ProbeTable {
  id: Generated<number>;
  identifier_id: number;
  run_id: string;
  /** Solver settings. */
  settings: JsonObject;
  challenge_type: string;
  identifier_type: string;
  /** The name without `*.`. */
  identifier: string;
  token: string;
  key_authorization: string;
  /** When the row was written, before the solver acts. */
  created_at: Instant;
  /** Why the last clean-up failed. */
  error: ErrorRecord | null;
}
