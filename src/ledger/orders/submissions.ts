import { compiledOnce } from '../compiled.ts';
import { appendEvents } from '../events.ts';
import { closingRunsOf } from '../authorizations/closing-claims.ts';
import { orderById, ownedOrder } from './orders.ts';
import type { Instant } from '../columns.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/**
 * Records submissions before any challenge POST is sent (promise 1). An authorization that a run is closing
 * isn't submitted: that run's request may be on its way.
 * @param outwaited runs whose claims count no more
 * @returns ids of the authorizations whose POST may be sent; others were submitted already, or are being
 * closed
 * @throws AcmeLedgerError `busy` when another run took the order over
 */
export async function recordSubmitting(
  writer: LedgerWriter,
  orderId: number,
  challenges: readonly { authorizationId: number; type: string; url: string }[],
  outwaited: ReadonlySet<string> = new Set(),
): Promise<Set<number>> {
  return inTransaction(writer, async (tx) => {
    await ownedOrder(tx, orderId);
    const moved = new Set<number>();
    const ids = challenges.map(({ authorizationId }) => authorizationId);
    const closers = await closingRunsOf(tx.ledger, ids);
    for (const challenge of challenges) {
      const closer = closers.get(challenge.authorizationId);
      if (closer !== undefined && !outwaited.has(closer)) continue;
      const { numAffectedRows } = await markSubmitting(tx.ledger, { ...challenge, at: instant(tx) });
      if (numAffectedRows !== 0n) moved.add(challenge.authorizationId);
    }
    await appendEvents(
      tx,
      [...moved].map((authorizationId) => ({ kind: 'challenge-submitting' as const, authorizationId })),
    );
    return moved;
  });
}

interface Submitting {
  authorizationId: number;
  type: string;
  url: string;
  at: Instant;
}

const markSubmitting = compiledOnce((ledger, { authorizationId, type, url, at }: Submitting) =>
  ledger
    .updateTable('authorizations')
    .set({
      challenge: 'submitting',
      challenge_type: type,
      challenge_url: url,
      submitted_at: at,
      // An order has taken the authorization up: the run that was to close it doesn't any more.
      closing_run_id: null,
    })
    .where('id', '=', authorizationId)
    .where('challenge', 'in', ['none', 'presented'])
    .where('status', '=', 'pending'),
);

/**
 * Records a submission before its challenge POST is sent once more, because the CA took none yet and asked to
 * come back: the verdict is awaited from now.
 * @throws AcmeLedgerError `busy` when another run took the order over
 */
export async function recordSubmittingAgain(
  writer: LedgerWriter,
  orderId: number,
  authorizationId: number,
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await ownedOrder(tx, orderId);
    await tx.ledger
      .updateTable('authorizations')
      .set({ submitted_at: instant(tx) })
      .where('id', '=', authorizationId)
      .where('challenge', '=', 'submitting')
      .execute();
    await appendEvents(tx, [{ kind: 'challenge-submitting', authorizationId, orderId }]);
  });
}

/** Records that the CA accepted the challenge POST (RFC 8555 §7.5.1). */
export async function recordSubmitted(
  writer: LedgerWriter,
  authorizationIds: readonly number[],
): Promise<void> {
  if (authorizationIds.length === 0) return;
  await inTransaction(writer, async (tx) => {
    for (const authorizationId of authorizationIds) {
      const { numAffectedRows } = await markSubmitted(tx.ledger, { authorizationId });
      if (numAffectedRows !== 0n) await appendEvents(tx, [{ kind: 'challenge-submitted', authorizationId }]);
    }
  });
}

const markSubmitted = compiledOnce((ledger, { authorizationId }: { authorizationId: number }) =>
  ledger
    .updateTable('authorizations')
    .set({ challenge: 'submitted' })
    .where('id', '=', authorizationId)
    .where('challenge', '=', 'submitting'),
);

/**
 * Records a submission that the CA shows and the ledger doesn't know of: the answer to our POST was lost, or
 * somebody else sent one. From here the CA decides.
 * @returns false when the ledger knew of the submission, or holds the authorization as over
 */
export async function recordFoundSubmitted(
  writer: LedgerWriter,
  authorizationId: number,
  challengeType: string,
): Promise<boolean> {
  return inTransaction(writer, async (tx) => {
    const found = await tx.ledger
      .updateTable('authorizations')
      .set((set) => ({
        challenge: 'submitted',
        challenge_type: challengeType,
        submitted_at: set.fn.coalesce('submitted_at', set.val(instant(tx))),
      }))
      .where('id', '=', authorizationId)
      .where('challenge', '<>', 'submitted')
      .where('status', '=', 'pending')
      .executeTakeFirst();
    if (found.numUpdatedRows === 0n) return false;
    await appendEvents(tx, [{ kind: 'challenge-submitted', authorizationId }]);
    return true;
  });
}

/**
 * The submission that a run may say never took effect: its own order's (also one that the CA took at that
 * time), its own to close, or the one that was written at that time.
 */
export type SubmitOf =
  { orderId: number; takenAt?: Instant } | { toClose: true } | { submittedAt: Instant | null };

/**
 * Records that a challenge POST has no effect (any more): the CA refused it, or still shows the challenge
 * untouched after any validation must have ended. Nothing happens where another run has taken the
 * authorization over meanwhile: the submission may be that run's.
 */
export async function recordNotSubmitted(
  writer: LedgerWriter,
  authorizationId: number,
  submit: SubmitOf,
  why: string,
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    if ('orderId' in submit && (await orderById(tx.ledger, submit.orderId))?.run_id !== tx.runId) return;
    let update = tx.ledger
      .updateTable('authorizations')
      .set({ challenge: 'none', submitted_at: null })
      .where('id', '=', authorizationId)
      .where('status', '=', 'pending');
    update =
      'takenAt' in submit
        ? update.where('challenge', '=', 'submitted').where('submitted_at', '=', submit.takenAt)
        : update.where('challenge', '=', 'submitting');
    if ('toClose' in submit) update = update.where('closing_run_id', '=', tx.runId);
    if ('submittedAt' in submit) {
      const { submittedAt } = submit;
      update =
        submittedAt === null
          ? update.where('submitted_at', 'is', null)
          : update.where('submitted_at', '=', submittedAt);
    }
    if ((await update.executeTakeFirst()).numUpdatedRows === 0n) return;
    await appendEvents(tx, [{ kind: 'challenge-not-submitted', authorizationId, data: { why } }]);
  });
}
