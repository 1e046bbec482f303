import type { AccountRun } from '../issuance/account-run.ts';
import type { Protection } from '../issuance/ownership/protection.ts';
import { nameProven } from '../ledger/authorizations/authorizations.ts';
import type { FoundIn } from '../ledger/authorizations/foreign-authorizations.ts';
import type { KnownAuthorization } from '../ledger/authorizations/found-urls.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import type { AuthorizationSource } from '../ledger/states.ts';

export type ClearAction =
  | 'deactivated'
  | 'submitted'
  | 'resumable'
  | 'already-final'
  | 'refused'
  | 'gone'
  | 'foreign'
  | 'failed'
  | 'would-deactivate'
  | 'would-submit';

/** One line of `authz clear --json`. */
export interface Cleared {
  url: string;
  identifier: string | null;
  before: string | null;
  action: ClearAction;
  after: string | null;
  reason: string | null;
  /** The account that has the authorization; null when no account of this run does. */
  account: string | null;
  /** The client in whose log the authorization was found. */
  client: string | null;
  /** When the authorization ends by itself. */
  expiresAt: Date | null;
  /** When the authorization may be closed, where that isn't now. */
  retryAt: Date | null;
  /** The other run that the authorization is left to. */
  otherRun: string | null;
  /**
   * Until when the authorization is so young that another client may be working on it; null where it wasn't
   * left for that.
   */
  youngUntil: Date | null;
  /** The authorization was left because its log has no time for it, and only older ones are wanted. */
  isUndated: boolean;
}

/** One authorization to be closed, and where it was learned of. */
export interface Subject {
  url: string;
  /** The ledger's row; null when the ledger doesn't know the authorization. */
  row: AuthorizationRow | null;
  source: AuthorizationSource;
  foundIn: FoundIn | null;
}

/** The result for an authorization. */
export type Outcome = Pick<Cleared, 'action' | 'after' | 'reason'> & {
  retryAt?: Date;
  run?: string;
  youngUntil?: Date;
  isUndated?: boolean;
};

/** The line of an authorization that is protected: nothing was asked, nothing is closed. */
export function leftLine(
  accountRun: AccountRun,
  subject: Subject,
  row: AuthorizationRow,
  { reason, run }: Protection,
): Cleared {
  const left = { action: 'resumable', after: row.status, reason } as const;
  return lineOf(accountRun, { ...subject, row }, { ...left, ...(run === null ? {} : { run }) });
}

/** The URL that a line is about, and what is known of it. */
export type Told = Pick<Subject, 'url' | 'foundIn'> & { row: KnownAuthorization | null };

/** A line that needs no answer of the CA. */
export function lineOf(
  { account }: AccountRun,
  { url, row, foundIn }: Told,
  { retryAt, run, youngUntil, isUndated = false, ...outcome }: Outcome,
): Cleared {
  return {
    url,
    identifier: row === null ? null : nameProven(row),
    before: row?.status ?? null,
    ...outcome,
    account: outcome.action === 'foreign' ? null : account.url,
    client: row?.client ?? foundIn?.client ?? null,
    expiresAt: row?.expires_at ?? null,
    retryAt: retryAt ?? null,
    otherRun: run ?? null,
    youngUntil: youngUntil ?? null,
    isUndated,
  };
}
