import type { ErrorRecord } from '../../src/errors.ts';

/** An error as the ledger holds it. */
export function storedError(given: Partial<ErrorRecord>): ErrorRecord {
  return { code: 'bug', message: 'no', hint: null, problem: null, retryAt: null, ...given };
}
