import type { Answer, Authorization } from '../acme/resources.ts';
import { later } from '../clock.ts';
import { errorRecord } from '../errors.ts';
import { authorizationsOf, recordNotSubmitted, recordSeen } from '../ledger/authorizations.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import { isSubmitted } from '../ledger/states.ts';
import { authorizationSeen } from './authorization-seen.ts';
import type { Issuance } from './issuance.ts';
import { isGone } from '../acme/problems.ts';
import { poll } from './polling.ts';

/** A validation takes no longer: a submit whose answer was lost and that shows no verdict by then never arrived. */
const validationMs = 60_000;

/** Pending, and its challenge was submitted as far as we know: the CA decides. */
export function isUndecided(row: AuthorizationRow): boolean {
  return row.status === 'pending' && isSubmitted(row.challenge);
}

/**
 * Sent, never answered, and still shown as pending by the CA when it can't have been at it any more: as unsubmitted.
 * A CA that couldn't be asked has decided nothing: the challenge may be valid by now.
 */
export function isSubmitLost(row: AuthorizationRow): boolean {
  if (row.status !== 'pending' || row.challenge !== 'submitting') return false;
  if (row.submitted_at === null || row.checked_at === null) return false;
  return later(new Date(row.submitted_at), validationMs) <= new Date(row.checked_at);
}

/**
 * Waits for the CA's verdict on what an order submitted, for each no longer than a validation takes, and not after `until`. A submit
 * that turns out to have been lost is taken back.
 */
export async function decideSubmitted(
  issuance: Issuance,
  orderId: number,
  until: Date,
  signal: AbortSignal,
): Promise<void> {
  const rows = await authorizationsOf(issuance.ledger, orderId);
  await Promise.all(rows.filter(isUndecided).map((row) => awaitVerdict(issuance, row, until, signal)));
  for (const row of await authorizationsOf(issuance.ledger, orderId)) {
    if (isSubmitLost(row)) {
      await recordNotSubmitted(issuance, row.id, 'no verdict after a minute');
    }
  }
}

async function awaitVerdict(
  issuance: Issuance,
  row: AuthorizationRow,
  until: Date,
  signal: AbortSignal,
): Promise<void> {
  const decidedBy = later(new Date(row.submitted_at ?? issuance.clock.now()), validationMs);
  try {
    const answer = await poll(
      () => issuance.session.getAuthorization(row.url, issuance.stops.grace),
      (authorization) => authorization.status !== 'pending',
      { clock: issuance.clock, deadline: decidedBy < until ? decidedBy : until, signal },
    );
    await recordSeen(issuance, [authorizationSeen(answer)]);
  } catch (error) {
    signal.throwIfAborted();
    if (isGone(error)) return recordGone(issuance, row.url);
    issuance.log.warn(
      { authorization: row.url, error: errorRecord(error) },
      'the CA could not be asked for its verdict',
    );
  }
}

/** Asks the CA for these authorizations and records what it says. Ones that are gone (404) are recorded as expired and left out. */
export async function refresh(
  issuance: Issuance,
  rows: readonly AuthorizationRow[],
): Promise<Answer<Authorization>[]> {
  const answers = await Promise.all(rows.map((row) => look(issuance, row.url)));
  const seen = answers.filter((answer) => answer !== null);
  await recordSeen(issuance, seen.map(authorizationSeen));
  return seen;
}

async function look(issuance: Issuance, url: string): Promise<Answer<Authorization> | null> {
  try {
    return await issuance.session.getAuthorization(url, issuance.stops.grace);
  } catch (error) {
    if (!isGone(error)) throw error;
    await recordGone(issuance, url);
    return null;
  }
}

/** The CA has forgotten it: Boulder answers 404 for an expired one. */
export async function recordGone(issuance: Issuance, url: string): Promise<void> {
  await recordSeen(issuance, [{ url, status: 'expired', identifier: null, expiresAt: null }]);
}
