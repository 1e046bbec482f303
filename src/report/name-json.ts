import { isProbeable } from '../issuance/names/failing-names.ts';
import { standingOf } from '../ledger/names/failing-names.ts';
import type { IdentifierRow } from '../ledger/schema.ts';
import { pauseOf } from '../ca-pause.ts';

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
    // A name that the CA paused is looked at again; a name that failed for too long waits for a person.
    nextAttemptAt: row.suspended_at === null || pause !== null ? row.next_attempt_at : null,
    unpauseUrl: pause,
    lastFailureAt: row.last_failure_at,
    lastSuccessAt: row.last_success_at,
    error: row.last_error,
    isProbed: isProbeable(row),
    probeAt: row.probe_at,
    probeError: row.probe_error,
  };
}
