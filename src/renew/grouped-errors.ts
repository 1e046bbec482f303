import { toldBy } from '../error-kinds.ts';
import type { ErrorRecord } from '../errors.ts';
import { unpauseUrl } from '../ca-pause.ts';
import { counted } from '../printable.ts';

/** How many certificates of a run that fail with errors of one kind are reported one by one. */
const toldMost = {
  /**
   * Each certificate has a reason of its own. A mail that nobody can read to its end says no more than its
   * beginning.
   */
  each: 100,
  /** The certificates have their reason in common, say a limit of the CA. */
  few: 5,
  /** The run didn't come to the certificates, or has reported already why they wait. */
  run: 0,
} as const satisfies Record<ReturnType<typeof toldBy>, number>;

/** How many certificates are named in the line that stands for several. */
const namedMost = 5;

interface Kind {
  status: string;
  error: ErrorRecord;
  toldMost: number;
  count: number;
  /** The first of the certificates. */
  names: string[];
  /** The latest time to retry. */
  retryAt: string | null;
}

/** Keeps a run with ten thousand certificates from repeating an error for each of them. */
export class GroupedErrors {
  readonly #kinds = new Map<string, Kind>();
  readonly #pauses = new Map<string, Kind>();

  /**
   * @param name of the certificate
   * @returns whether the certificate's error is to be reported by itself
   */
  note(status: string, error: ErrorRecord, name: string): boolean {
    const pausedBy = pausingCa(error);
    const [kinds, key] = pausedBy === null ? [this.#kinds, error.code] : [this.#pauses, pausedBy];
    const fresh = { status, error, toldMost: toldMost[toldBy(error)], count: 0, names: [], retryAt: null };
    const kind: Kind = kinds.get(`${status} ${key}`) ?? fresh;
    kinds.set(`${status} ${key}`, kind);
    kind.count += 1;
    if (kind.names.length < namedMost) kind.names.push(name);
    // The last error of a pause is reported: that of the whole account comes after those of names, and a
    // later link is good for longer.
    if (pausedBy !== null && (error.code === 'account-paused' || kind.error.code !== 'account-paused'))
      kind.error = error;
    const { retryAt } = error;
    if (retryAt !== null && (kind.retryAt === null || kind.retryAt < retryAt)) kind.retryAt = retryAt;
    return pausedBy === null && kind.count <= kind.toldMost;
  }

  /** The errors for the pauses of CAs, one for each page. */
  *pauses(): Generator<ErrorRecord> {
    for (const kind of this.#pauses.values()) yield ofPauses(kind);
  }

  /** The errors that stand for certificates that weren't reported by themselves, one for each kind. */
  *rest(): Generator<ErrorRecord> {
    yield* this.pauses();
    for (const { status, error, toldMost: told, count, retryAt } of this.#kinds.values()) {
      if (count <= told) continue;
      const { code, message, hint: own } = error;
      const what = counted(count - told, told === 0 ? 'certificate' : 'more certificate');
      const why = told === 0 ? message : `for reasons of the same kind (${code})`;
      const until = retryAt === null || message.includes(retryAt) ? '' : `; the last may go at ${retryAt}`;
      const each = 'renew -v tells of each, and so do --report FILE and --json';
      const hint = code === 'ca-account' && own !== null ? own : each;
      yield { code, message: `${what}: ${status}, ${why}${until}`, hint, problem: null, retryAt: null };
    }
  }
}

/**
 * All pauses of a CA, of names or the whole account, are ended by one page: one line reports them, with the
 * link.
 */
function ofPauses({ status, error, count, names, retryAt }: Kind): ErrorRecord {
  const who = count > namedMost ? counted(count, 'certificate') : names.join(', ');
  if (count === 1 || error.code === 'account-paused')
    return { ...error, message: `${who}: ${status}, ${error.message}` };
  // The hint of a single error may resume its own names alone.
  const hint = `open ${pageOf(error) ?? "the CA's page"} to go on, then: acme-ledger name resume --all`;
  return { ...error, message: `${who}: ${status}, the CA has paused names of theirs`, hint, retryAt };
}

/**
 * The CA whose pause an error is about, as far as the page that ends the pause shows; null for any other
 * error.
 */
export function pausingCa(error: ErrorRecord): string | null {
  const page = pageOf(error);
  if (page !== null) return URL.canParse(page) ? new URL(page).origin : page;
  return error.code === 'account-paused' ? error.code : null;
}

function pageOf({ problem, hint }: ErrorRecord): string | null {
  return unpauseUrl(problem) ?? unpauseUrl({ detail: hint ?? '' });
}
