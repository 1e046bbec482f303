import { isGone } from '../acme/objects/problems.ts';
import type { Authorization } from '../acme/objects/resources.ts';
import { AcmeLedgerError, hasCode } from '../errors.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { authorizationSeen } from '../issuance/authorization/authorization-seen.ts';
import type { Closing } from '../issuance/authorization/closing-outcome.ts';
import { closeAuthorization, isTaken } from '../issuance/authorization/deactivation.ts';
import { isSubmitLost, recordGone } from '../issuance/authorization/verdicts.ts';
import { protectionOf } from '../issuance/ownership/protection.ts';
import type { CaQuestions } from '../issuance/waiting/ca-questions.ts';
import { authorizationById, recordSeen } from '../ledger/authorizations/authorizations.ts';
import {
  heldByChallenge,
  insertForeignAuthorization,
} from '../ledger/authorizations/foreign-authorizations.ts';
import { recordFoundUrl } from '../ledger/authorizations/found-urls.ts';
import { isLedgerFailure } from '../ledger/ledger-failure.ts';
import { recordFoundSubmitted, recordNotSubmitted } from '../ledger/orders/submissions.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import { inTransaction } from '../ledger/writer.ts';
import type { Cleared, Outcome, Subject } from './clear-line.ts';
import { leftLine, lineOf } from './clear-line.ts';
import { closeBySubmitting, doomedChallenge, noneFails } from './close-by-submit.ts';
import type { ClearMethod } from './clear-method.ts';
import { reasonToLeave } from './reasons-to-leave.ts';

/** How authorizations are cleared. */
export interface Clearing {
  /**
   * Also authorizations of orders that are kept for a resume, and authorizations so young that another client
   * may be working on them.
   */
  all: boolean;
  /** A young authorization isn't left alone either, because a person named it. */
  evenYoung?: boolean;
  /** Only authorizations made before, as far as the ledger or the log tells. */
  olderThan: Date | null;
  dryRun: boolean;
  method: ClearMethod;
  /** Whether to keep in the ledger that this challenge belongs to its authorization. */
  rememberChallenge?: (challengeUrl: string) => boolean;
}

/**
 * Asks the CA for one authorization, and closes it where it is open and nobody needs it.
 * @param asking the questions to the CA of this account: a wait that the CA asks for holds for all that are
 * left
 */
export async function clearOne(
  run: AccountRun,
  asking: CaQuestions,
  subject: Subject,
  clearing: Clearing,
): Promise<Cleared | null> {
  const { row: known, url } = subject;
  const includeKept = { includeKept: clearing.all };
  if (known !== null) {
    const protection = await protectionOf(run, known, includeKept);
    if (protection !== null) return leftLine(run, subject, known, protection);
  }
  const askedAt = run.clock.now();
  const seen = await asking.ask(() => run.session.getAuthorization(url, run.stops.work));
  if (seen === null) return null;
  if (isLedgerFailure(seen)) throw seen;
  if (hasCode(seen, 'interrupted')) return null;
  if (seen instanceof AcmeLedgerError) return lineOf(run, subject, await refusal(run, subject, seen));
  return clearShown(run, asking, subject, { ...clearing, shown: seen, askedAt });
}

/** Like `clearOne`, for an authorization that the CA has just shown: the CA isn't asked for it again. */
export async function clearShown(
  run: AccountRun,
  asking: CaQuestions,
  subject: Subject,
  clearing: Clearing & Shown,
): Promise<Cleared | null> {
  const { row: known, url } = subject;
  const { shown } = clearing;
  const row = await recordShown(run, subject, clearing);
  const includeKept = { includeKept: clearing.all };
  const heldBy = row.url === url ? null : await protectionOf(run, row, includeKept);
  if (heldBy !== null) return leftLine(run, subject, row, heldBy);
  const { foundIn } = subject;
  const settled = await closeShown(run, asking, row, { shown, clearing: { ...clearing, foundIn } });
  if (settled === null) return null;
  return { ...lineOf(run, { ...subject, row }, settled), before: known?.status ?? null };
}

/** The CA's answer for an authorization, and when it was asked for it. */
interface Shown {
  shown: Authorization;
  askedAt: Date;
}

/**
 * Whether the CA doesn't show an authorization to this account because it is another account's (RFC 8555
 * §6.2).
 */
export function isForeign(error: AcmeLedgerError): boolean {
  return error.httpStatus === 403 || error.httpStatus === 401;
}

async function refusal(run: AccountRun, { url, row }: Subject, error: AcmeLedgerError): Promise<Outcome> {
  if (isForeign(error)) return { action: 'foreign', after: null, reason: error.message };
  if (!isGone(error))
    return { action: 'failed', after: null, reason: whyNone(run, url, error) ?? error.message };
  // Some CAs also say of another account's authorization that it is gone.
  if (row?.account_id === run.account.id) await recordGone(run, url);
  return { action: 'gone', after: 'expired', reason: 'the CA has forgotten it' };
}

/** Why a URL that a person gave is no authorization; null when it may be one. */
function whyNone(run: AccountRun, url: string, { code, message }: AcmeLedgerError): string | null {
  return knownOtherwise(run, url) ?? (code === 'ca-answer' ? `it is no authorization: ${message}` : null);
}

/** Why a URL is known to lead to no authorization; null where nothing is known of it. */
export function knownOtherwise({ account }: AccountRun, url: string): string | null {
  return url === account.url ? 'it is an account: acme-ledger authz discover finds what is open on it' : null;
}

/**
 * Records the state that the CA shows. An authorization that the ledger doesn't know gets its row once the CA
 * has shown it to this account, unless its challenges belong to an authorization that is worked on under
 * another URL.
 */
async function recordShown(
  run: AccountRun,
  { url, row: known, source, foundIn }: Subject,
  { shown, askedAt, rememberChallenge = () => false }: Clearing & Shown,
): Promise<AuthorizationRow> {
  const { account } = run;
  const challengeUrls = shown.challenges.map((challenge) => challenge.url);
  const { id } = await inTransaction(run, async (writer) => {
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
  // The authorization's own client has answered the challenge, and the CA is at it. (An invalid authorization
  // isn't looked at any more.)
  const taken = shown.challenges.find(isTaken);
  if (shown.status === 'pending' && taken !== undefined) await recordFoundSubmitted(run, id, taken.type);
  return rowOf(run, id);
}

async function rowOf({ ledger }: AccountRun, id: number): Promise<AuthorizationRow> {
  const row = await authorizationById(ledger, id);
  if (row === undefined) throw new Error(`authorization ${String(id)} is gone from the ledger`);
  return row;
}

/** Closes an authorization that the CA has just shown, where it is open and nothing speaks against it. */
async function closeShown(
  run: AccountRun,
  asking: CaQuestions,
  row: AuthorizationRow,
  { shown, clearing }: { shown: Authorization; clearing: Clearing & Pick<Subject, 'foundIn'> },
): Promise<Outcome | null> {
  if (row.status !== 'pending') return { action: 'already-final', after: row.status, reason: null };
  const left = await reasonToLeave(run, row, clearing);
  if (left !== null) return { action: 'resumable', after: 'pending', ...left };
  if (clearing.dryRun) return { ...wouldDo(clearing.method, shown), after: 'pending' };
  const includeKept = { includeKept: clearing.all };
  if (isSubmitLost(row)) {
    const submittedAt = row.submitted_at;
    await recordNotSubmitted(run, row.id, { submittedAt }, 'no verdict after a minute');
  }
  const closing =
    clearing.method === 'submit'
      ? await closeBySubmitting(run, row, shown, includeKept)
      : await closeAuthorization(run, row, includeKept);
  return outcomeOf(asking, closing, (await rowOf(run, row.id)).status);
}

function wouldDo(method: ClearMethod, { challenges }: Authorization): Pick<Outcome, 'action' | 'reason'> {
  if (method === 'deactivate') return { action: 'would-deactivate', reason: null };
  const challenge = doomedChallenge(challenges);
  return challenge === null
    ? { action: 'refused', reason: noneFails }
    : { action: 'would-submit', reason: `${challenge.type}, which nobody answers` };
}

function outcomeOf(
  asking: CaQuestions,
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
