import type { AcmeLedgerError } from '../../errors.ts';

/** What became of one authorization that was to be closed. */
export interface Closing {
  /** `held`: it is left alone, because somebody works on it or keeps it, or it isn't its time. `submitted`: so that it fails. */
  outcome: 'deactivated' | 'submitted' | 'already-final' | 'refused' | 'gone' | 'foreign' | 'failed' | 'held';
  /** Why it wasn't closed; null when it was. */
  reason: string | null;
  /** Of `held`: when it may be closed. */
  retryAt?: Date;
  /** Of `held`: the other run that works on it, where one does. */
  run?: string;
  /** Of `failed`: the CA asked to come back later, or the run was interrupted before it was sent. */
  stop?: AcmeLedgerError;
}

/** Somebody needs it. */
export function heldBy({ reason, run }: { reason: string; run: string | null }): Closing {
  return { outcome: 'held', reason, ...(run === null ? {} : { run }) };
}
