import type { ErrorCode, ErrorRecord } from '../errors.ts';
import { counted } from './wording.ts';

/** So many that have their reason in common, say a limit of the CA, are told one by one. */
const ofOneReason = 5;
/** The others have each a reason of their own. A mail that nobody can read to its end says no more than its beginning. */
const ofOwnReasons = 100;
/** Certificates that a run didn't come to in its time, or whose account is gone or paused, have nothing to tell of themselves. */
const ofNoReason = 0;
const ofTheAccount: readonly ErrorCode[] = ['ca-account', 'account-paused'];
/** What waits for a CA that is out of order was told of when that began. */
const untold: readonly ErrorCode[] = ['no-time', 'ca-outage', ...ofTheAccount];

const common: readonly ErrorCode[] = [
  'ca-limit',
  'not-yet',
  'ca-unreachable',
  'not-acme',
  'gate-full',
  'busy',
  'interrupted',
  'ledger-busy',
  'ledger-failed',
];

interface Kind {
  status: string;
  code: ErrorCode;
  message: string;
  toldMost: number;
  count: number;
  hint: string | null;
  retryAt: string | null;
}

/** Keeps a run with ten thousand certificates from saying the same of each of them. */
export class LikeErrors {
  readonly #kinds = new Map<string, Kind>();

  /** @returns whether this one is to be told by itself */
  note(status: string, { code, message, hint, retryAt }: ErrorRecord): boolean {
    const key = `${status} ${code}`;
    const known = this.#kinds.get(key);
    const fresh = { status, code, message, hint, toldMost: toldMost(code), count: 0, retryAt: null };
    const kind = known ?? fresh;
    this.#kinds.set(key, kind);
    kind.count += 1;
    if (retryAt !== null && (kind.retryAt === null || kind.retryAt < retryAt)) kind.retryAt = retryAt;
    return kind.count <= kind.toldMost;
  }

  /** What stands for those that weren't told by themselves, an error for each kind. */
  *rest(): Generator<ErrorRecord> {
    for (const { status, code, message, toldMost: told, count, hint: own, retryAt } of this.#kinds.values()) {
      if (count <= told) continue;
      const what = counted(count - told, told === 0 ? 'certificate' : 'more certificate');
      const why = told === 0 ? message : `for reasons of the same kind (${code})`;
      const until = retryAt === null || message.includes(retryAt) ? '' : `; the last may go at ${retryAt}`;
      const each = 'renew -v tells of each, and so do --report FILE and --json';
      const hint = ofTheAccount.includes(code) && own !== null ? own : each;
      yield { code, message: `${what}: ${status}, ${why}${until}`, hint, problem: null, retryAt: null };
    }
  }
}

function toldMost(code: ErrorCode): number {
  if (untold.includes(code)) return ofNoReason;
  return common.includes(code) ? ofOneReason : ofOwnReasons;
}
