import { isGone } from '../acme/objects/problems.ts';
import type { Authorization } from '../acme/objects/resources.ts';
import { AcmeLedgerError, hasCode } from '../errors.ts';
import { authorizationById, nameProven, recordSeen } from '../ledger/authorizations/authorizations.ts';
import { recordFoundSubmitted, recordNotSubmitted } from '../ledger/orders/submissions.ts';
import {
  type FoundIn,
  heldByChallenge,
  insertForeignAuthorization,
} from '../ledger/authorizations/foreign-authorizations.ts';
import { type KnownAuthorization, recordFoundUrl } from '../ledger/authorizations/found-urls.ts';
import { isLedgerFailure } from '../ledger/ledger-failure.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import type { AuthorizationSource } from '../ledger/states.ts';
import { inTransaction } from '../ledger/writer.ts';
import type { Asking } from '../issuance/waiting/ca-silence.ts';
import { authorizationSeen } from '../issuance/authorization/authorization-seen.ts';
import { closeBySubmitting, doomedChallenge, noneFails } from './close-by-submit.ts';
import { closeAuthorization, isTaken } from '../issuance/authorization/closing.ts';
import { type Closing } from '../issuance/authorization/closing-outcome.ts';
import type { Issuance } from '../issuance/account-run.ts';
import { type Protection, protectionOf } from '../issuance/ownership/protection.ts';
import { isSubmitLost, recordGone } from '../issuance/authorization/verdicts.ts';
import { reasonToLeave } from './reasons-to-leave.ts';

export const clearMethods = ['deactivate', 'submit'] as const;
export type ClearMethod = (typeof clearMethods)[number];

/** What is done with each. */
export interface Clearing {
  /** Also orders that are kept for a resume, and what is so young that another client may be working on it. */
  all: boolean;
  /** What is that young isn't left alone, because a person named it. */
  evenYoung?: boolean;
  /** Only ones made before, as far as the ledger or the log tells. */
  olderThan: Date | null;
  dryRun: boolean;
  method: ClearMethod;
  /** Whether to keep in the ledger that this challenge belongs to its authorization. */
  rememberChallenge?: (challengeUrl: string) => boolean;
}

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
  /** The account that has it; null when no account of this run does. */
  account: string | null;
  /** In whose log it was found. */
  client: string | null;
  /** When it ends by itself. */
  expiresAt: string | null;
  /** When it may be closed, where that isn't now. */
  retryAt: string | null;
  /** The other run that it is left to. */
  otherRun: string | null;
  /** Until when it is so young that another client may be working on it; null where it wasn't left for that. */
  youngUntil: string | null;
  /** It was left because its log has no time for it, and only older ones are wanted. */
  isUndated: boolean;
}

/** One authorization to be closed, and where it was learned of. */
export interface Subject {
  url: string;
  /** What the ledger holds of it; null when it doesn't know it. */
  row: AuthorizationRow | null;
  source: AuthorizationSource;
  foundIn: FoundIn | null;
}

/**
 * Asks the CA for one authorization, and closes it where it is open and nobody needs it.
 * @param asking of this account: what the CA asks for is heeded for all that is left
 * @returns null when the CA wasn't asked, wants no more requests now, or the run was interrupted
 */
export async function clearOne(
  issuance: Issuance,
  asking: Asking,
  subject: Subject,
  clearing: Clearing,
): Promise<Cleared | null> {
  const { row: known, url } = subject;
  const evenKept = { evenKept: clearing.all };
  if (known !== null) {
    const protection = await protectionOf(issuance, known, evenKept);
    if (protection !== null) return leftLine(issuance, subject, known, protection);
  }
  const askedAt = issuance.clock.now();
  const seen = await asking.ask(() => issuance.session.getAuthorization(url, issuance.stops.work));
  if (seen === null) return null;
  if (isLedgerFailure(seen)) throw seen;
  if (hasCode(seen, 'interrupted')) return null;
  if (seen instanceof AcmeLedgerError)
    return lineOf(issuance, subject, await refusal(issuance, subject, seen));
  return clearShown(issuance, asking, subject, { ...clearing, shown: seen, askedAt });
}

/** Like `clearOne`, of what the CA has just shown: it isn't asked for that again. */
export async function clearShown(
  issuance: Issuance,
  asking: Asking,
  subject: Subject,
  clearing: Clearing & Shown,
): Promise<Cleared | null> {
  const { row: known, url } = subject;
  const { shown } = clearing;
  const row = await recordShown(issuance, subject, clearing);
  const evenKept = { evenKept: clearing.all };
  const heldBy = row.url === url ? null : await protectionOf(issuance, row, evenKept);
  if (heldBy !== null) return leftLine(issuance, subject, row, heldBy);
  const { foundIn } = subject;
  const settled = await settleShown(issuance, asking, row, { shown, clearing: { ...clearing, foundIn } });
  if (settled === null) return null;
  return { ...lineOf(issuance, { ...subject, row }, settled), before: known?.status ?? null };
}

/** What the CA answered, and when it was asked. */
interface Shown {
  shown: Authorization;
  askedAt: Date;
}

type Outcome = Pick<Cleared, 'action' | 'after' | 'reason'> & {
  retryAt?: Date;
  run?: string;
  youngUntil?: string;
  isUndated?: boolean;
};

function leftLine(
  issuance: Issuance,
  subject: Subject,
  row: AuthorizationRow,
  { reason, run }: Protection,
): Cleared {
  const left = { action: 'resumable', after: row.status, reason } as const;
  return lineOf(issuance, { ...subject, row }, { ...left, ...(run === null ? {} : { run }) });
}

/** What a line is about. */
export type Told = Pick<Subject, 'url' | 'foundIn'> & { row: KnownAuthorization | null };

/** A line that needs no answer of the CA. */
export function lineOf(
  { account }: Issuance,
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
    retryAt: retryAt?.toISOString() ?? null,
    otherRun: run ?? null,
    youngUntil: youngUntil ?? null,
    isUndated,
  };
}

/** The CA doesn't show it to this account because it is another's (RFC 8555 §6.2). */
export function isForeign(error: AcmeLedgerError): boolean {
  return error.httpStatus === 403 || error.httpStatus === 401;
}

async function refusal(issuance: Issuance, { url, row }: Subject, error: AcmeLedgerError): Promise<Outcome> {
  if (isForeign(error)) return { action: 'foreign', after: null, reason: error.message };
  if (!isGone(error))
    return { action: 'failed', after: null, reason: whyNone(issuance, url, error) ?? error.message };
  // Some CAs say so, too, of what is another account's.
  if (row?.account_id === issuance.account.id) await recordGone(issuance, url);
  return { action: 'gone', after: 'expired', reason: 'the CA has forgotten it' };
}

/** Why it is no authorization that a person gave; null when it may be. */
function whyNone(issuance: Issuance, url: string, { code, message }: AcmeLedgerError): string | null {
  return whatElse(issuance, url) ?? (code === 'ca-answer' ? `it is no authorization: ${message}` : null);
}

/** What a URL is known to be that leads to no authorization; null where nothing is known. */
export function whatElse({ account }: Issuance, url: string): string | null {
  return url === account.url ? 'it is an account: acme-ledger authz discover finds what is open on it' : null;
}

/**
 * What the CA says now, recorded. One that the ledger doesn't know gets its row once the CA has shown it to this account, unless its
 * challenges are of one that is worked on under another URL.
 */
async function recordShown(
  issuance: Issuance,
  { url, row: known, source, foundIn }: Subject,
  { shown, askedAt, rememberChallenge = () => false }: Clearing & Shown,
): Promise<AuthorizationRow> {
  const { account } = issuance;
  const challengeUrls = shown.challenges.map((challenge) => challenge.url);
  const { id } = await inTransaction(issuance, async (writer) => {
    const row =
      (known === null ? await heldByChallenge(writer.ledger, account.id, challengeUrls) : undefined) ??
      (await insertForeignAuthorization(writer, account.id, url, source, foundIn));
    await recordSeen(writer, [{ ...authorizationSeen(shown), url: row.url, askedAt }]);
    for (const challengeUrl of challengeUrls.filter(rememberChallenge)) {
      const told = { accountId: account.id, outcome: 'expanded' as const, authorizations: [row.url] };
      await recordFoundUrl(writer, challengeUrl, told);
    }
    return row;
  });
  // Its own client has answered it, and the CA is at it. (One that is invalid isn't looked at any more.)
  const taken = shown.challenges.find(isTaken);
  if (shown.status === 'pending' && taken !== undefined) await recordFoundSubmitted(issuance, id, taken.type);
  return rowOf(issuance, id);
}

async function rowOf({ ledger }: Issuance, id: number): Promise<AuthorizationRow> {
  const row = await authorizationById(ledger, id);
  if (row === undefined) throw new Error(`authorization ${String(id)} is gone from the ledger`);
  return row;
}

/** What is done with one that the CA has just shown. */
async function settleShown(
  issuance: Issuance,
  asking: Asking,
  row: AuthorizationRow,
  { shown, clearing }: { shown: Authorization; clearing: Clearing & Pick<Subject, 'foundIn'> },
): Promise<Outcome | null> {
  if (row.status !== 'pending') return { action: 'already-final', after: row.status, reason: null };
  const left = await reasonToLeave(issuance, row, clearing);
  if (left !== null) return { action: 'resumable', after: 'pending', ...left };
  if (clearing.dryRun) return { ...wouldDo(clearing.method, shown), after: 'pending' };
  const evenKept = { evenKept: clearing.all };
  if (isSubmitLost(row)) {
    const submittedAt = row.submitted_at;
    await recordNotSubmitted(issuance, row.id, { submittedAt }, 'no verdict after a minute');
  }
  const closing =
    clearing.method === 'submit'
      ? await closeBySubmitting(issuance, row, shown, evenKept)
      : await closeAuthorization(issuance, row, evenKept);
  return outcomeOf(asking, closing, (await rowOf(issuance, row.id)).status);
}

function wouldDo(method: ClearMethod, { challenges }: Authorization): Pick<Outcome, 'action' | 'reason'> {
  if (method === 'deactivate') return { action: 'would-deactivate', reason: null };
  const challenge = doomedChallenge(challenges);
  return challenge === null
    ? { action: 'refused', reason: noneFails }
    : { action: 'would-submit', reason: `${challenge.type}, which nobody answers` };
}

function outcomeOf(
  asking: Asking,
  { outcome, reason, retryAt, run, stop }: Closing,
  after: string,
): Outcome | null {
  if (stop?.code === 'interrupted') return null;
  if (stop !== undefined) asking.stop(stop);
  const action = stop !== undefined || outcome === 'held' ? 'resumable' : outcome;
  const at = retryAt ?? stop?.retryAt;
  return {
    action,
    after,
    reason,
    ...(at === undefined ? {} : { retryAt: at }),
    ...(run === undefined ? {} : { run }),
  };
}
