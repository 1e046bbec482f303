import type { Generated } from 'kysely';
import type { ErrorRecord } from '../../errors.ts';
import type { Instant, JsonObject } from '../columns.ts';
import type { NameStanding } from '../states.ts';

/** What happened to one name on one account. */
export interface IdentifierTable {
  id: Generated<number>;
  account_id: number;
  type: string;
  value: string;
  consecutive_failures: number;
  /** Failures since a success or a `name resume`: what the wait until the next attempt grows with. */
  back_off_step: Generated<number>;
  failing_since: Instant | null;
  /** No order of `renew` names it before. */
  next_attempt_at: Instant | null;
  suspended_at: Instant | null;
  /** What the name hook was last told of it. */
  told: Generated<NameStanding>;
  last_failure_at: Instant | null;
  last_success_at: Instant | null;
  last_error: ErrorRecord | null;
  /** No probe without the CA before; null: at once. */
  probe_at: Instant | null;
  /** Probes that found it well since a success or a `name resume`: what the wait until the next one grows with. */
  probe_step: Generated<number>;
  /** ERROR of the last probe; null when it found the name well. */
  probe_error: ErrorRecord | null;
}

/** What a probe put up, or was about to; enough for another process to take it down. Deleted once it is down. */
export interface ProbeTable {
  id: Generated<number>;
  identifier_id: number;
  run_id: string;
  /** Solver settings. */
  settings: JsonObject;
  challenge_type: string;
  identifier_type: string;
  /** Without `*.`. */
  identifier: string;
  token: string;
  key_authorization: string;
  /** Written before the solver acts. */
  created_at: Instant;
  /** Why the last clean-up failed. */
  error: ErrorRecord | null;
}
