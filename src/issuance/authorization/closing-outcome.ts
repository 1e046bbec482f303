import type { AcmeLedgerError } from '../../errors.ts';

/** The outcome for one authorization that was to be closed. */
export interface Closing {
  /**
   * `held`: the authorization is left alone, because a run works on it or keeps it, or its time hasn't come.
   * `submitted`: its challenge was submitted so that it fails.
   */
  outcome: 'deactivated' | 'submitted' | 'already-final' | 'refused' | 'gone' | 'foreign' | 'failed' | 'held';
  /** Why the authorization wasn't closed; null when it was. */
  reason: string | null;
  /** Of `held`: when the authorization may be closed. */
  retryAt?: Date;
  /** Of `held`: the other run that works on the authorization, where one does. */
  run?: string;
  /**
   * Of `failed`: the error when the CA asked to come back later, or the run was interrupted before sending.
   */
  stop?: AcmeLedgerError;
}

/** The outcome when an order or a run needs the authorization. */
export function heldBy({ reason, run }: { reason: string; run: string | null }): Closing {
  return { outcome: 'held', reason, ...(run === null ? {} : { run }) };
}
