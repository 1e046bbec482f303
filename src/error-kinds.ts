/** What follows from an error of this kind, for the run, the certificate and the CA. */
interface ErrorKind {
  /** The program's exit code: 1 an item failed, 2 nothing was sent, 70 a bug, 75 not now (README.md). */
  exit: 1 | 2 | 70 | 75 | 130;
  /**
   * How the CA stands: `answers` this request with an error, others may go well; `waits` wants no more of this kind now; `silent` can't be
   * reached or is out of order; `ended` takes nothing from this account any more. Null: the error doesn't tell.
   */
  ca: 'answers' | 'waits' | 'silent' | 'ended' | null;
  /**
   * What is left alone for longer and longer when it fails with this again and again; `either` for the certificate, or for the name whose
   * challenge met it. Null: the error says nothing of them.
   */
  countsAgainst: 'certificate' | 'name' | 'either' | null;
  /** Whether the CA may have acted on a request that ended with this; a refusal is an answer to that, a server's fault isn't (RFC 8555 gives no way to know). */
  mayHaveActed: boolean;
  /** How many certificates of a run that fail with it are told of one by one: each, a few since they share the reason, or none beside the run's own line. */
  told: 'each' | 'few' | 'run';
}

/** Every error that a caller or a person can meet. */
export const errorKinds = {
  /** An option, argument or environment variable that can't be used. */
  usage: { exit: 2, ca: null, countsAgainst: null, mayHaveActed: false, told: 'each' },
  /** The configuration file: syntax, an unknown key, a wrong value. */
  configuration: { exit: 2, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' },
  /** A name that no CA could certify, or a set of names that contradicts itself. */
  'bad-name': { exit: 2, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' },
  /** A file given by the person (CSR, key, CA file) that can't be read or isn't what it should be. */
  'bad-file': { exit: 2, ca: null, countsAgainst: 'certificate', mayHaveActed: false, told: 'each' },
  /** The state directory can't be used. */
  'state-dir': { exit: 2, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' },
  /** The ledger can't be opened: damaged, not a ledger. */
  ledger: { exit: 2, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' },
  /** Another process has the ledger's lock for long, say one that was stopped in the middle of writing. */
  'ledger-busy': { exit: 75, ca: null, countsAgainst: null, mayHaveActed: true, told: 'few' },
  /** The ledger failed in the middle of work: a full disk, damage. */
  'ledger-failed': { exit: 1, ca: null, countsAgainst: null, mayHaveActed: true, told: 'few' },
  /** The ledger was written by a newer version of the program. */
  'ledger-newer': { exit: 2, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' },
  /** The order has more names than the gate can ever let through. */
  'gate-too-small': { exit: 2, ca: null, countsAgainst: 'certificate', mayHaveActed: true, told: 'each' },
  /** Something that was asked for doesn't exist: a certificate, an authorization, an account. */
  'not-found': { exit: 2, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' },
  /** The directory URL doesn't answer with an ACME directory. */
  'not-acme': { exit: 2, ca: 'silent', countsAgainst: null, mayHaveActed: false, told: 'few' },
  /** The CA can't be reached: DNS, connect, TLS, time-out. */
  'ca-unreachable': { exit: 1, ca: 'silent', countsAgainst: null, mayHaveActed: true, told: 'few' },
  /** The CA answered, but not with what RFC 8555 asks of it. */
  'ca-answer': { exit: 1, ca: 'answers', countsAgainst: 'certificate', mayHaveActed: true, told: 'each' },
  /** The CA answered with a problem document. */
  'ca-problem': { exit: 1, ca: 'answers', countsAgainst: 'either', mayHaveActed: false, told: 'each' },
  /** The CA has ended the account, or doesn't know it: it refuses whatever is asked on it. */
  'ca-account': { exit: 1, ca: 'ended', countsAgainst: null, mayHaveActed: false, told: 'run' },
  /** 429 or 503: the CA asks to come back later. */
  'ca-limit': { exit: 75, ca: 'waits', countsAgainst: null, mayHaveActed: false, told: 'few' },
  /** The CA is still at the order after the usual time: it is kept. */
  'not-yet': { exit: 75, ca: null, countsAgainst: null, mayHaveActed: true, told: 'few' },
  /** The CA has paused the whole account: a person has to open its page. */
  'account-paused': { exit: 75, ca: 'waits', countsAgainst: null, mayHaveActed: false, told: 'each' },
  /** The CA was out of order (5xx, broken connections) for longer than the run could wait. */
  'ca-outage': { exit: 75, ca: 'silent', countsAgainst: null, mayHaveActed: false, told: 'run' },
  /** The configuration forbids the order, or wants it asked for with --yes. */
  'order-rule': { exit: 75, ca: null, countsAgainst: null, mayHaveActed: false, told: 'each' },
  /** The gate has no room for this order. */
  'gate-full': { exit: 75, ca: null, countsAgainst: null, mayHaveActed: true, told: 'few' },
  /** Another live run works on the same names. */
  busy: { exit: 75, ca: null, countsAgainst: null, mayHaveActed: true, told: 'few' },
  /** What is wanted has changed, or a newer certificate was put in place, while the attempt ran: nothing was stored. */
  superseded: { exit: 75, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' },
  /** The run's time was over before it came to the certificate. */
  'no-time': { exit: 75, ca: null, countsAgainst: null, mayHaveActed: true, told: 'run' },
  /** The name was failing for so long that no order names it until it is mended or resumed. */
  'name-suspended': { exit: 1, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' },
  /** A look without the CA found that an order with the name would certainly fail. */
  'name-check': { exit: 1, ca: null, countsAgainst: 'name', mayHaveActed: true, told: 'each' },
  /** A solver or its hook couldn't put the answer up. */
  solver: { exit: 1, ca: null, countsAgainst: 'name', mayHaveActed: true, told: 'each' },
  /** The CA found an authorization invalid. */
  'authorization-invalid': { exit: 1, ca: null, countsAgainst: 'name', mayHaveActed: true, told: 'each' },
  /** The CA found the order invalid, or it didn't end in time. */
  'order-failed': { exit: 1, ca: null, countsAgainst: 'certificate', mayHaveActed: true, told: 'each' },
  /** The certificate couldn't be written, or isn't the one that was asked for. */
  store: { exit: 1, ca: null, countsAgainst: 'certificate', mayHaveActed: true, told: 'each' },
  /** The certificate is stored, but its deploy hook failed. */
  'deploy-hook': { exit: 1, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' },
  /** Stopped by a signal. `main` turns it into 128 + the signal's number. */
  interrupted: { exit: 130, ca: null, countsAgainst: null, mayHaveActed: true, told: 'few' },
  bug: { exit: 70, ca: null, countsAgainst: 'certificate', mayHaveActed: true, told: 'each' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

/** The parts of an error, or of its record in the ledger, that tell its kind. */
export interface KnownError {
  code: ErrorCode;
  problem?: { status: number } | null | undefined;
  /** The status of the CA's answer, where the error was met and not read from the ledger. */
  httpStatus?: number | undefined;
}

/** A code of a newer version, read from the ledger: nothing follows from it. */
const unknownKind: ErrorKind = { exit: 70, ca: null, countsAgainst: null, mayHaveActed: true, told: 'each' };

function kindOf({ code }: KnownError): ErrorKind {
  const kinds: Readonly<Record<string, ErrorKind | undefined>> = errorKinds;
  return kinds[code] ?? unknownKind;
}

/** Whether the next run goes on with what ended so, and nothing of it is a failure: exit code 75. */
export function isDeferral(error: KnownError): boolean {
  return kindOf(error).exit === 75;
}

/** Whether an error is of the hour alone: it says nothing of what it kept from being done. */
export function isTemporary(error: KnownError): boolean {
  return isDeferral(error) || error.code === 'interrupted';
}

/** Whether it tells of a CA, be it of one request alone. */
export function isAboutTheCa(error: KnownError): boolean {
  return kindOf(error).ca !== null;
}

/** Whether the CA can't be worked with now: whatever is asked next ends the same way. */
export function isCaUnusable(error: KnownError): boolean {
  const { ca } = kindOf(error);
  return ca !== null && ca !== 'answers';
}

/** Whether the CA, or the way to it, is out of order. */
export function isCaSilent(error: KnownError): boolean {
  return kindOf(error).ca === 'silent';
}

/** A problem of the server's own making (5xx, by its answer or its document), or an answer that makes no sense. */
export function isServerFault(error: KnownError): boolean {
  if (error.code === 'ca-problem')
    return Math.max(error.httpStatus ?? 0, error.problem?.status ?? error.httpStatus ?? 500) >= 500;
  return error.code === 'ca-answer';
}

/** Whether the CA may have acted on a request that ended with it. */
export function mayHaveActed(error: KnownError): boolean {
  return kindOf(error).mayHaveActed || isServerFault(error);
}

/** A time-out, a refusal for now or a fault of the server: the same question may be answered soon. */
export function isPassingFault(error: KnownError): boolean {
  return error.code === 'ca-unreachable' || error.code === 'ca-limit' || (error.httpStatus ?? 0) >= 500;
}

/** Whether an attempt failed for a reason that is the certificate's own, say a profile that the CA doesn't know. */
export function isAboutTheCertificate(error: KnownError): boolean {
  const { countsAgainst } = kindOf(error);
  return countsAgainst === 'certificate' || countsAgainst === 'either';
}

/** Whether it befell the name whose challenge was at hand; that the CA is busy, or can't be reached, says nothing about it. */
export function isAboutTheName(error: KnownError): boolean {
  const { countsAgainst } = kindOf(error);
  const isName = countsAgainst === 'name' || countsAgainst === 'either';
  return isName && (error.httpStatus ?? error.problem?.status ?? 400) < 500;
}

/** How many certificates of a run with this error are told of one by one. */
export function toldBy(error: KnownError): ErrorKind['told'] {
  return kindOf(error).told;
}
