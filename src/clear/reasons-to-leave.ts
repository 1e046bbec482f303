import { isOfOwnOrder } from '../ledger/authorizations/foreign-authorizations.ts';
import type { FoundIn } from '../ledger/authorizations/foreign-authorizations.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { isSubmitLost, isUndecided } from '../issuance/authorization/verdicts.ts';

/** Which authorizations are old enough to be closed. */
export interface WantedAge {
  /** Also authorizations so young that another client may be working on them. */
  all: boolean;
  evenYoung?: boolean;
  /** Only authorizations made before, as far as the ledger or the log tells. */
  olderThan: Date | null;
  foundIn: FoundIn | null;
}

/** Why a pending authorization isn't closed, whatever account it belongs to; null when it is. */
export interface ReasonToLeave {
  reason: string;
  youngUntil?: Date;
  /** The authorization's age isn't known, and only older ones are wanted. */
  isUndated?: boolean;
}

/** The reason when the CA is at the authorization's challenge, or the authorization is too young. */
export async function reasonToLeave(
  run: AccountRun,
  row: AuthorizationRow,
  wanted: WantedAge,
): Promise<ReasonToLeave | null> {
  if (isUndecided(row) && !isSubmitLost(row))
    return { reason: 'its challenge was submitted: the CA decides' };
  const younger = youngerThanWanted(row, wanted);
  if (younger !== null || wanted.all || wanted.evenYoung === true) return younger;
  const until = await youngUntil(run, row, wanted.foundIn);
  return until === null ? null : { reason: youngReason, youngUntil: until };
}

const youngReason =
  'it is younger than an hour, as far as is known, and no order of this ledger made it: another client may be working on it';

function youngerThanWanted(row: AuthorizationRow, { olderThan, foundIn }: WantedAge): ReasonToLeave | null {
  if (olderThan === null) return null;
  const logged = [row.logged_at, foundIn?.loggedAt, foundIn?.fileWrittenAt].filter(
    (at) => at instanceof Date,
  );
  // The authorization was there when the ledger learned of it: a later time in a log is of a clock that was
  // ahead.
  const known = [...logged, row.created_at];
  if (known.some((at) => at < olderThan)) return null;
  const isUndated = row.source === 'log' && row.logged_at === null && (foundIn?.loggedAt ?? null) === null;
  const reason = isUndated
    ? 'the log has no time for it that can be read, so it may be younger than was asked for'
    : 'it is younger than was asked for, as far as is known';
  return { reason, isUndated };
}

/**
 * No client works on an order for longer without a look at it; an authorization that is open after that was
 * left behind.
 */
const youngMs = 3_600_000;

/**
 * Until when an authorization that no order of this ledger made is left alone, because another client, or
 * another ledger on the same account, may be working on it; null when it is older than an hour, or nothing is
 * known of its age. Its age is told by the line of a log, or by when the ledger first saw it in the CA's
 * list. The CA doesn't tell it: `expires` isn't evidence, because the lives of a CA's authorizations differ
 * by profile.
 */
async function youngUntil(
  { ledger, clock }: AccountRun,
  row: AuthorizationRow,
  foundIn: FoundIn | null,
): Promise<Date | null> {
  if (row.source === 'order') return null;
  const logged = [row.logged_at, foundIn?.loggedAt ?? null].filter((at) => at !== null);
  // A log without times was given by a person who wants its URLs closed; a log whose clock was ahead knows no
  // better than the ledger.
  const known = row.source === 'log' && logged.length === 0 ? [] : [...logged, row.created_at];
  if (known.length === 0) return null;
  const until = new Date(Math.min(...known.map((at) => at.getTime())) + youngMs);
  if (until <= clock.now() || (await isOfOwnOrder(ledger, row.id))) return null;
  return until;
}
