import { type ErrorCode, errorKinds } from './error-kinds.ts';
import { shortened } from './printable.ts';

/** A problem document as the CA sent it (RFC 8555 §6.7, RFC 7807). `type` is the full URN. */
export interface Problem {
  type: string;
  detail: string;
  status: number;
  subproblems: { type: string; detail: string; identifier?: { type: string; value: string } }[];
}

export interface AcmeLedgerErrorOptions {
  /** What to do about it, best as a command to paste. */
  hint?: string;
  problem?: Problem;
  /** The status of the CA's answer. */
  httpStatus?: number;
  /** When it makes sense to try again. */
  retryAt?: Date;
  cause?: unknown;
}

/** The program's one error class. What comes from outside is translated into it where it enters. */
export class AcmeLedgerError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly problem: Problem | undefined;
  readonly httpStatus: number | undefined;
  readonly retryAt: Date | undefined;

  constructor(code: ErrorCode, message: string, options: AcmeLedgerErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AcmeLedgerError';
    this.code = code;
    this.hint = options.hint;
    this.problem = options.problem;
    this.httpStatus = options.httpStatus ?? options.problem?.status;
    this.retryAt = options.retryAt;
  }
}

export function exitCodeOf(error: unknown): number {
  return errorKinds[error instanceof AcmeLedgerError ? error.code : 'bug'].exit;
}

/** Whether something thrown is one of the program's errors, with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is AcmeLedgerError {
  return error instanceof AcmeLedgerError && codes.includes(error.code);
}

/** The part of an error that goes into JSON output and into the ledger (ERROR of docs/json.md). */
export interface ErrorRecord {
  code: ErrorCode;
  message: string;
  hint: string | null;
  problem: Problem | null;
  retryAt: string | null;
}

export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof AcmeLedgerError) {
    return {
      code: error.code,
      message: shortened(error.message),
      hint: error.hint === undefined ? null : shortened(error.hint),
      problem: error.problem ?? null,
      retryAt: error.retryAt?.toISOString() ?? null,
    };
  }
  return { code: 'bug', message: messageOf(error), hint: null, problem: null, retryAt: null };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What was thrown, as an Error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error));
}
