import { AcmeLedgerError, hasCode } from '../errors.ts';

/** Whether the ledger failed in the middle of work: nothing that wants a record may be sent after it. */
export function isLedgerFailure(error: unknown): error is AcmeLedgerError {
  return hasCode(error, 'ledger-failed', 'ledger-busy');
}

/** Whether the ledger can't be used because another process has its lock: that passes. */
export function isLedgerBusy(error: unknown): boolean {
  return hasCode(error, 'ledger-busy');
}

/**
 * Whether an open ledger's files were deleted, moved or replaced: this run's writes are where nobody looks.
 */
export function isLedgerLost(error: unknown): boolean {
  return error instanceof AcmeLedgerError && error.cause instanceof Misplacement;
}

/** Names of an open ledger that don't lead to its files any more. */
export class Misplacement extends Error {
  readonly paths: readonly string[];
  /** Another file is in the place of the ledger. */
  readonly isReplaced: boolean;
  /** Where all that the ledger held was saved; null when it wasn't. */
  readonly rescued: string | null;

  constructor(paths: readonly string[], isReplaced = false, rescued: string | null = null) {
    super('not the file that was opened');
    this.paths = paths;
    this.isReplaced = isReplaced;
    this.rescued = rescued;
  }
}
