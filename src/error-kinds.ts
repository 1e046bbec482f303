import { AcmeLedgerError } from './errors.ts';

/** Whether it tells of a CA that can't be worked with now. */
export function isOfTheCa(error: unknown): error is AcmeLedgerError {
  return error instanceof AcmeLedgerError && (error.code.startsWith('ca-') || error.code === 'not-acme');
}
