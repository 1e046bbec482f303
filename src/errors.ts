import { shortened } from './printable.ts';

/** A problem document as the CA sent it (RFC 8555 §6.7, RFC 7807). `type` is the full URN. */
export interface Problem {
  type: string;
  detail: string;
  status: number;
  subproblems: { type: string; detail: string; identifier?: { type: string; value: string } }[];
}

/**
 * Every error that a caller or a person can meet, and the exit code it ends the program with
 * (1 an item failed, 2 nothing was sent, 70 a bug, 75 not now: README.md).
 */
const exitCodes = {
  /** An option, argument or environment variable that can't be used. */
  usage: 2,
  /** The configuration file: syntax, an unknown key, a wrong value. */
  configuration: 2,
  /** A name that no CA could certify, or a set of names that contradicts itself. */
  'bad-name': 2,
  /** A file given by the person (CSR, key, CA file) that can't be read or isn't what it should be. */
  'bad-file': 2,
  /** The state directory can't be used. */
  'state-dir': 2,
  /** The ledger can't be opened: damaged, not a ledger. */
  ledger: 2,
  /** Another process has the ledger's lock for long, say one that was stopped in the middle of writing. */
  'ledger-busy': 75,
  /** The ledger failed in the middle of work: a full disk, damage. */
  'ledger-failed': 1,
  /** The ledger was written by a newer version of the program. */
  'ledger-newer': 2,
  /** The order has more names than the gate can ever let through. */
  'gate-too-small': 2,
  /** Something that was asked for doesn't exist: a certificate, an authorization, an account. */
  'not-found': 2,
  /** The directory URL doesn't answer with an ACME directory. */
  'not-acme': 2,
  /** The CA can't be reached: DNS, connect, TLS, time-out. */
  'ca-unreachable': 1,
  /** The CA answered, but not with what RFC 8555 asks of it. */
  'ca-answer': 1,
  /** The CA answered with a problem document. */
  'ca-problem': 1,
  /** The CA has ended the account, or doesn't know it: it refuses whatever is asked on it. */
  'ca-account': 1,
  /** 429 or 503: the CA asks to come back later. */
  'ca-limit': 75,
  /** The CA is still at the order after the usual time: it is kept. */
  'not-yet': 75,
  /** The CA has paused the whole account: a person has to open its page. */
  'account-paused': 75,
  /** The CA was out of order (5xx, broken connections) for longer than the run could wait. */
  'ca-outage': 75,
  /** The gate has no room for this order. */
  'gate-full': 75,
  /** Another live run works on the same names. */
  busy: 75,
  /** What is wanted has changed, or a newer certificate was put in place, while the attempt ran: nothing was stored. */
  superseded: 75,
  /** The run's time was over before it came to the certificate. */
  'no-time': 75,
  /** The name was failing for so long that no order names it until it is mended or resumed. */
  'name-suspended': 1,
  /** A solver or its hook couldn't put the answer up. */
  solver: 1,
  /** The CA found an authorization invalid. */
  'authorization-invalid': 1,
  /** The CA found the order invalid, or it didn't end in time. */
  'order-failed': 1,
  /** The certificate couldn't be written, or isn't the one that was asked for. */
  store: 1,
  /** The certificate is stored, but its deploy hook failed. */
  'deploy-hook': 1,
  /** Stopped by a signal. `main` turns it into 128 + the signal's number. */
  interrupted: 130,
  bug: 70,
} as const;

export type ErrorCode = keyof typeof exitCodes;

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
  return error instanceof AcmeLedgerError ? exitCodes[error.code] : exitCodes.bug;
}

/** Whether an error is of the hour alone: it says nothing of what it kept from being done. */
export function isOfTheHour(code: ErrorCode): boolean {
  return exitCodes[code] === 75 || code === 'interrupted';
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
