import type { ErrorRecord } from '../../errors.ts';
import { isStillAhead, longestWaitMs } from '../../bounded-wait.ts';
import { compiledOnce } from '../compiled.ts';
import { appendEvents } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import type { HoldRow } from '../schema.ts';
import type { Instant } from '../columns.ts';
import type { HoldScope } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** The name that a hold gets whose limit is a count of what is open, and no rate: an authorization that ends makes room at once. */
export const pendingLimit = 'pending-authorizations';

/** A wait that the CA asked for: nothing in its scope is asked before that time. */
export interface Hold {
  accountId: number;
  scope: HoldScope;
  subject: string;
  limit: string;
  notBefore: Date;
  error: ErrorRecord;
}

/**
 * Writes down a wait that the CA asked for, for every run on this ledger. Of two answers about one subject
 * the later time counts; the rest comes from the later answer, from which the wait is measured
 * (src/bounded-wait.ts).
 * @returns until when the CA is left alone
 */
export async function recordHold(writer: LedgerWriter, hold: Hold): Promise<Instant> {
  return inTransaction(writer, async (tx) => {
    const known = (await holdsOf(tx.ledger, hold.accountId, tx.clock.now())).find(
      ({ scope, subject }) => scope === hold.scope && subject === hold.subject,
    );
    const told = hold.notBefore;
    const notBefore = known !== undefined && known.not_before > told ? known.not_before : told;
    const values = {
      limit_name: hold.limit,
      not_before: notBefore,
      noted_at: instant(tx),
      error: hold.error,
    };
    await tx.ledger
      .insertInto('holds')
      .values({ account_id: hold.accountId, scope: hold.scope, subject: hold.subject, ...values })
      .onConflict((conflict) => conflict.columns(['account_id', 'scope', 'subject']).doUpdateSet(values))
      .execute();
    await tx.ledger.deleteFrom('holds').where('not_before', '<=', instant(tx)).execute();
    const { scope, subject, limit } = hold;
    await appendEvents(tx, [
      { kind: 'account-held', accountId: hold.accountId, data: { scope, subject, limit, notBefore } },
    ]);
    return notBefore;
  });
}

/** The account's holds that are to be heeded still, the last to end first. */
export async function holdsOf(ledger: Ledger, accountId: number, now: Date): Promise<HoldRow[]> {
  const { rows } = await holdsAfter(ledger, { accountId, after: now });
  const full = rows.find(({ limit_name }) => limit_name === pendingLimit);
  const hasRoom = full !== undefined && (await hasExpiredSince(ledger, full, now));
  return (
    rows
      .filter((row) => !hasRoom || row !== full)
      // A hold noted further ahead than a wait may last is of a wrong clock: nothing else is known of it.
      .filter(({ noted_at }) => noted_at <= now || isStillAhead(noted_at, now, longestWaitMs))
      .map((row) => bounded(fromNow(row, now)))
      .filter(({ not_before }) => not_before > now)
  );
}

const holdsAfter = compiledOnce((ledger, { accountId, after }: { accountId: number; after: Instant }) =>
  ledger
    .selectFrom('holds')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('not_before', '>', after)
    .orderBy('not_before', 'desc'),
);

/** Whether an authorization has come to its end at the CA by itself since the CA called the account full. */
async function hasExpiredSince(
  ledger: Ledger,
  { account_id, noted_at }: HoldRow,
  now: Date,
): Promise<boolean> {
  const expired = await ledger
    .selectFrom('authorizations')
    .select('id')
    .where('account_id', '=', account_id)
    .where('status', '=', 'pending')
    .where('expires_at', '>', noted_at)
    .where('expires_at', '<=', now)
    .limit(1)
    .executeTakeFirst();
  return expired !== undefined;
}

/** An authorization that was pending isn't any more: an account that the CA called full has room. */
export async function endPendingHold(writer: LedgerWriter, accountId: number): Promise<void> {
  await deletePendingHold(writer.ledger, { accountId });
}

const deletePendingHold = compiledOnce((ledger, { accountId }: { accountId: number }) =>
  ledger.deleteFrom('holds').where('account_id', '=', accountId).where('limit_name', '=', pendingLimit),
);

/** A run heeds the CA for a day at once at most: a hold of an earlier version may be longer. */
function bounded(row: HoldRow): HoldRow {
  const latest = new Date(row.noted_at.getTime() + longestWaitMs);
  return row.not_before <= latest ? row : { ...row, not_before: latest };
}

/**
 * When our clock went back since the hold was noted: the CA is heeded for as long as it asked for, from now
 * on, not until the clock reaches that time again.
 */
function fromNow(row: HoldRow, now: Date): HoldRow {
  if (row.noted_at <= now) return row;
  const lengthMs = row.not_before.getTime() - row.noted_at.getTime();
  return {
    ...row,
    noted_at: now,
    not_before: new Date(now.getTime() + lengthMs),
  };
}

/** Writes down the holds that were moved because the clock went back, so that their time begins to pass. */
export async function moveHolds(writer: LedgerWriter, accountId: number): Promise<void> {
  const now = writer.clock.now();
  for (const { id, noted_at, not_before } of await holdsOf(writer.ledger, accountId, now)) {
    await writer.ledger
      .updateTable('holds')
      .set({ noted_at, not_before })
      .where('id', '=', id)
      .where('noted_at', '>', now)
      .execute();
  }
}

/** Ends a hold before its time: the CA is asked again. */
export async function endHold(writer: LedgerWriter, id: number): Promise<void> {
  await writer.ledger.deleteFrom('holds').where('id', '=', id).execute();
}

/** Ends the account's holds for these limits. */
export async function endPauseHolds(
  writer: LedgerWriter,
  accountId: number,
  limits: readonly string[],
): Promise<void> {
  await writer.ledger
    .deleteFrom('holds')
    .where('account_id', '=', accountId)
    .where('limit_name', 'in', limits)
    .execute();
}

/**
 * Gives the account's pauses so far another limit name: they say nothing of the account any more, and each
 * still holds its own names.
 */
export async function markPausesOver(
  writer: LedgerWriter,
  accountId: number,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await writer.ledger
    .updateTable('holds')
    .set({ limit_name: to })
    .where('account_id', '=', accountId)
    .where('limit_name', '=', from)
    .execute();
}
