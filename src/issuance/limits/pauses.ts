import type { AcmeLedgerError } from '../../errors.ts';
import { errorRecord } from '../../errors.ts';
import { later } from '../../clock.ts';
import type { Identifier } from '../../identifiers.ts';
import { endPauseHolds, holdsOf, markPausesOver, recordHold } from '../../ledger/limits/holds.ts';
import { endPauses, recordPaused } from '../../ledger/names/paused-names.ts';
import type { HoldRow } from '../../ledger/schema.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { inTransaction } from '../../ledger/writer.ts';
import { pausedNames } from '../../ca-pause.ts';
import { type AnnouncedLimit, pauseLookMs, pausedLimit } from './announced-limit.ts';

/** The name of the limit of a hold: the CA has paused the account, as far as can be told. */
export const accountPausedLimit = 'account-paused';
/** The name for a pause whose account went on getting orders: it says nothing of the account. */
const alonePausedLimit = 'paused-alone';
/**
 * When so many sets of names are refused as paused, and no order is let through between them, the account is
 * paused, not the names.
 */
const setsMost = 3;
/** Whether a person has opened the page is looked at after one hour, two, four … at last once a day. */
const longestLookMs = 86_400_000;

interface Pause {
  told: AnnouncedLimit;
  /** The names of the order that was refused. */
  names: readonly Identifier[];
  error: AcmeLedgerError;
}

/**
 * Records that the CA has paused names of an order: they are suspended until a person opens its page (its
 * link is in the error), and tried again later. With a pause for the third set of names, and no order let
 * through since the first, all new orders of the account are held.
 * @returns when the names are tried again, and the hold of the account
 */
export async function notePause(
  writer: LedgerWriter,
  accountId: number,
  { told, names, error }: Pause,
): Promise<{ lookAt: Date; account: HoldRow | null }> {
  return inTransaction(writer, async (tx) => {
    const now = tx.clock.now();
    const record = errorRecord(error);
    const meant = pausedNames(
      record.problem ?? { detail: '' },
      names.map(({ value }) => value),
    );
    const paused = names.filter(({ value }) => meant.includes(value));
    const lookAt = await recordPaused(tx, accountId, paused, {
      error: record,
      lookAt: (lastMs) => (error.retryAt === undefined ? later(now, nextLookMs(lastMs)) : told.notBefore),
    });
    const hold = { accountId, error: record, notBefore: lookAt };
    await recordHold(tx, { ...hold, scope: told.scope, subject: told.subject, limit: pausedLimit });
    const holds = await holdsOf(tx.ledger, accountId, now);
    const sets = holds.filter(({ limit_name, scope }) => limit_name === pausedLimit && scope === 'names');
    if (differentSets(sets.map(({ subject }) => subject)) < setsMost) return { lookAt, account: null };
    const notBefore = later(now, pauseLookMs);
    await recordHold(tx, { ...hold, notBefore, scope: 'orders', subject: '', limit: accountPausedLimit });
    const after = await holdsOf(tx.ledger, accountId, now);
    return { lookAt, account: after.find(({ limit_name }) => limit_name === accountPausedLimit) ?? null };
  });
}

/**
 * The wait before the next look at a pause.
 * @param lastMs how long the last wait was; null when there was none
 */
function nextLookMs(lastMs: number | null): number {
  return lastMs === null ? pauseLookMs : Math.min(longestLookMs, Math.max(pauseLookMs, 2 * lastMs));
}

/**
 * How many sets of names differ. A set that is part of another doesn't count: a certificate goes on without
 * its paused names.
 */
function differentSets(subjects: readonly string[]): number {
  const sets = subjects.map((subject) => new Set(subject.split(' ')));
  return sets.filter(
    (set, index) =>
      !sets.some((other, otherIndex) => otherIndex !== index && isPart(set, other) && set.size < other.size),
  ).length;
}

function isPart(set: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...set].every((name) => other.has(name));
}

/** Records that the CA has made an order for these names: they aren't paused any more, nor is the account. */
export async function noteNotPaused(
  writer: LedgerWriter,
  accountId: number,
  names: readonly Identifier[],
): Promise<void> {
  await endPauses(writer, accountId, names);
  const holds = await holdsOf(writer.ledger, accountId, writer.clock.now());
  if (holds.some(({ limit_name }) => limit_name === accountPausedLimit))
    await endPauseHolds(writer, accountId, [accountPausedLimit]);
  if (holds.some(({ limit_name }) => limit_name === pausedLimit))
    await markPausesOver(writer, accountId, { from: pausedLimit, to: alonePausedLimit });
}

/** Ends the pauses of an account, because a person says that the CA's page was opened. */
export async function liftPauseHolds(writer: LedgerWriter, accountId: number): Promise<void> {
  await endPauseHolds(writer, accountId, [pausedLimit, alonePausedLimit, accountPausedLimit]);
}
