import { mayHaveActed } from '../../error-kinds.ts';
import { AcmeLedgerError, hasCode } from '../../errors.ts';

/** An exchange with the CA that broke off before its answer was whole. */
export class ConnectionFailure extends Error {
  readonly kind: 'unreachable' | 'untrusted' | 'reset' | 'timeout';
  /** False: the connection didn't come about, so the CA can't have acted on the request. */
  readonly sent: boolean;

  constructor(kind: ConnectionFailure['kind'], sent: boolean, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ConnectionFailure';
    this.kind = kind;
    this.sent = sent;
  }
}

/** The error for a person. A POST whose answer was lost says that its outcome is unknown. */
export function unreachable(failure: ConnectionFailure, method: string): AcmeLedgerError {
  const unknown = failure.sent && method === 'POST' ? '; whether the CA acted on the request is unknown' : '';
  return new AcmeLedgerError('ca-unreachable', `${failure.message}${unknown}`, {
    hint: hints[failure.kind] + proxyHint(failure),
    cause: failure,
  });
}

/** A hint for networks where a proxy is the only way out: a direct connection doesn't come about there. */
function proxyHint({ kind, sent }: ConnectionFailure): string {
  const name = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].find(
    (each) => (process.env[each] ?? '') !== '',
  );
  if (name === undefined || sent || kind === 'untrusted') return '';
  return `; ${name} is set, but acme-ledger doesn't heed it yet: it connects directly`;
}

/** An error of node in our terms. `sent` says whether the connection stood already. */
export function connectionFailureOf(
  error: Error,
  host: string,
  { sent, reused }: { sent: boolean; reused: boolean },
): ConnectionFailure {
  const code = 'code' in error ? String(error.code) : '';
  if (sent)
    return new ConnectionFailure(
      'reset',
      sent,
      `${host} closed the connection before its answer was whole`,
      error,
    );
  if (reused) return new ConnectionFailure('reset', sent, `${host} closed the connection`, error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new ConnectionFailure(
      'unreachable',
      sent,
      `the name of ${host} can't be resolved (${code})`,
      error,
    );
  }
  if (code === 'ECONNREFUSED')
    return new ConnectionFailure('unreachable', sent, `${host} refuses the connection`, error);
  if (untrusted.test(code))
    return new ConnectionFailure(
      'untrusted',
      sent,
      `the certificate of ${host} isn't trusted (${code})`,
      error,
    );
  return new ConnectionFailure(
    'unreachable',
    sent,
    `no connection to ${host} (${code === '' ? error.message : code})`,
    error,
  );
}

/**
 * Whether the CA may have acted on a request that ended with this error: a lost answer, an answer that can't be read, a
 * server fault, an interruption. False only where it is sure that it didn't (RFC 8555 gives no other way to know).
 */
export function isOutcomeUnknown(error: unknown): boolean {
  if (isUnsent(error)) return false;
  return !(error instanceof AcmeLedgerError) || mayHaveActed(error);
}

/** Whether no byte of the request can have come to the CA: there was no connection, or it failed before that, or wasn't allowed. */
export function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return unsent.has(error) || (error.cause instanceof ConnectionFailure && !error.cause.sent);
}

/** Whether one more try of a request without effect makes sense: the connection was closed under it, as idle ones are. */
export function isReset(error: unknown): boolean {
  return kindOf(error) === 'reset';
}

/** Whether the CA didn't answer in time: asking again would take as long. */
export function isTimeout(error: unknown): boolean {
  return kindOf(error) === 'timeout';
}

/** Whether the server's certificate was refused: nothing was sent. */
export function isUntrusted(error: unknown): boolean {
  return kindOf(error) === 'untrusted';
}

function kindOf(error: unknown): ConnectionFailure['kind'] | undefined {
  const cause = error instanceof AcmeLedgerError ? error.cause : undefined;
  return cause instanceof ConnectionFailure ? cause.kind : undefined;
}

/**
 * Notes that the request wasn't even sent: it failed while its nonce was fetched, or its guard didn't let it out.
 * @returns the error to throw: a signal's reason is copied, because requests that were sent end with the same one
 */
export function unsentError(error: unknown, signal?: AbortSignal): unknown {
  if (!(error instanceof Error)) return error;
  const isShared = error === signal?.reason || hasCode(error, 'interrupted');
  if (!isShared) {
    unsent.add(error);
    return error;
  }
  if (!(error instanceof AcmeLedgerError)) return error;
  const { code, message, hint = '' } = error;
  const own = new AcmeLedgerError(code, message, { hint, cause: error });
  unsent.add(own);
  return own;
}

const unsent = new WeakSet<Error>();

// Node's names for OpenSSL's verification results, and its own for a name that doesn't match.
const untrusted =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

const hints = {
  unreachable: "check the CA's address, this machine's DNS and its way out to port 443",
  untrusted:
    "if this CA has a root of its own, name it: --ca-file ROOT.pem; otherwise check this machine's clock",
  reset: "run the command again; if it lasts, see the CA's status page",
  timeout: "run the command again; if it lasts, see the CA's status page",
} as const satisfies Record<ConnectionFailure['kind'], string>;
