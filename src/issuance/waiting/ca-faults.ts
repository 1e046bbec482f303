import { isUntrusted } from '../../acme/http/connection-failure.ts';
import { AcmeLedgerError } from '../../errors.ts';

/**
 * Whether an error is a fault of the CA, or of the way there, that may pass by itself; a 503 with a time is a
 * request of the CA's (holds.ts).
 */
export function isFault(error: unknown): error is AcmeLedgerError {
  if (!(error instanceof AcmeLedgerError)) return false;
  const { code, httpStatus, retryAt } = error;
  if (code === 'ca-unreachable') return !isUntrusted(error);
  if (code === 'ca-limit') return httpStatus === 503 && retryAt === undefined;
  if (code === 'ca-answer') return (httpStatus ?? 500) >= 500;
  return code === 'ca-problem' && (httpStatus ?? 500) >= 500;
}

/** Whether an error came with an answer of the CA, if only one that can't be read. */
export function isAnswer(error: unknown): boolean {
  if (!(error instanceof AcmeLedgerError)) return false;
  const { code, httpStatus } = error;
  return httpStatus === undefined ? code === 'ca-answer' : httpStatus < 500;
}
