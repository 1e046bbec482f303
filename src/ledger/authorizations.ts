import { appendEvents } from './events.ts';
import { countFailure, endFailuresInARow } from './failure-counts.ts';
import type { Ledger } from './open.ts';
import { ownedOrder } from './orders.ts';
import type { AuthorizationRow } from './schema.ts';
import type { AuthorizationStatus } from './states.ts';
import { authorizationStatusesBefore, isSubmitted } from './states.ts';
import type { LedgerWriter } from './writer.ts';
import { inTransaction, instant, instantOf } from './writer.ts';

/** An authorization as the CA showed it. `error` is an ERROR of docs/json.md for an invalid one. */
export interface AuthorizationSeen {
  url: string;
  status: AuthorizationStatus;
  /** Null when the CA only told the state (404, or an order that became ready). */
  identifier: { type: string; value: string; wildcard: boolean } | null;
  expiresAt: Date | null;
  /** When the CA was asked; now when left out. An answer may be on its way for half a minute, and tells of the time before. */
  askedAt?: Date;
  error?: unknown;
  /** What closed it was counted as a failure before it was sent. */
  isCounted?: true;
}

/** The name as people write it, a wildcard with `*.`; null before the CA was asked for it. */
export function nameProven(row: Pick<AuthorizationRow, 'identifier' | 'wildcard'>): string | null {
  if (row.identifier === null) return null;
  return row.wildcard === 1 ? `*.${row.identifier}` : row.identifier;
}

/** The rows of one order's authorizations, oldest first. */
export async function authorizationsOf(ledger: Ledger, orderId: number): Promise<AuthorizationRow[]> {
  return ledger
    .selectFrom('authorizations')
    .innerJoin('order_authorizations', 'order_authorizations.authorization_id', 'authorizations.id')
    .selectAll('authorizations')
    .where('order_authorizations.order_id', '=', orderId)
    .orderBy('authorizations.id')
    .execute();
}

export async function authorizationByUrl(ledger: Ledger, url: string): Promise<AuthorizationRow | undefined> {
  return ledger.selectFrom('authorizations').selectAll().where('url', '=', url).executeTakeFirst();
}

export async function authorizationById(ledger: Ledger, id: number): Promise<AuthorizationRow | undefined> {
  return ledger.selectFrom('authorizations').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Authorizations that the ledger holds as pending, oldest first. */
export async function pendingAuthorizations(ledger: Ledger, accountId: number): Promise<AuthorizationRow[]> {
  return ledger
    .selectFrom('authorizations')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('status', '=', 'pending')
    .orderBy('id')
    .execute();
}

/**
 * What the CA said of these authorizations, at the time of the call. A move that RFC 8555 §7.1.6 doesn't know
 * (a final one that is pending again) is noted as a `difference` event and not believed.
 */
export async function recordSeen(writer: LedgerWriter, seen: readonly AuthorizationSeen[]): Promise<void> {
  if (seen.length === 0) return;
  await inTransaction(writer, async (tx) => {
    for (const one of seen) await recordOne(tx, one);
  });
}

async function recordOne(writer: LedgerWriter, seen: AuthorizationSeen): Promise<void> {
  const before = await authorizationByUrl(writer.ledger, seen.url);
  if (before === undefined) return;
  const possible = authorizationStatusesBefore(seen.status).includes(before.status);
  await writer.ledger
    .updateTable('authorizations')
    .set({
      checked_at: seen.askedAt === undefined ? instant(writer) : seen.askedAt.toISOString(),
      ...(possible ? { status: seen.status } : {}),
      ...(seen.identifier === null
        ? {}
        : {
            identifier_type: seen.identifier.type,
            identifier: seen.identifier.value,
            wildcard: seen.identifier.wildcard ? 1 : 0,
          }),
      ...(seen.expiresAt === null ? {} : { expires_at: instantOf(seen.expiresAt) }),
      ...(seen.error === undefined ? {} : { error: JSON.stringify(seen.error) }),
    })
    .where('id', '=', before.id)
    .execute();
  // One that is met for the first time may have ended long ago, by whoever made it.
  const isStranger = before.source !== 'order' && before.checked_at === null;
  if (possible && before.status === 'pending' && !isStranger) await countVerdict(writer, before, seen);
  if (before.status === seen.status && before.checked_at !== null) return;
  await appendEvents(writer, [
    {
      kind: possible ? 'authorization-status' : 'difference',
      authorizationId: before.id,
      accountId: before.account_id,
      data: { from: before.status, to: seen.status },
    },
  ]);
}

/** The CA's count of failed validations, followed: what it has decided since it was last asked. */
async function countVerdict(
  writer: LedgerWriter,
  before: AuthorizationRow,
  { status, identifier, isCounted }: AuthorizationSeen,
): Promise<void> {
  const seen = identifier === null ? null : { identifier: identifier.value, wildcard: identifier.wildcard };
  const name = nameProven(seen === null ? before : { ...seen, wildcard: seen.wildcard ? 1 : 0 });
  if (name === null) return;
  const isDeactivation = status === 'deactivated' && writer.limits?.countsDeactivations === true;
  // The run that closed it has counted it before, and is yet to record what came of it.
  const isClosers = before.closing_run_id !== null && (isDeactivation || isSubmitted(before.challenge));
  if ((status === 'invalid' || isDeactivation) && isCounted !== true && !isClosers) {
    await countFailure(writer, before.account_id, name);
  }
  // One that the CA reuses was valid before it was asked: nothing has been validated.
  if (status === 'valid' && isSubmitted(before.challenge)) {
    await endFailuresInARow(writer, before.account_id, [name]);
  }
}

/**
 * Written before any challenge POST is sent (promise 1).
 * @returns the ids that may be sent; others were submitted already
 * @throws AcmeLedgerError `busy` when another run took the order over
 */
export async function recordSubmitting(
  writer: LedgerWriter,
  orderId: number,
  challenges: readonly { authorizationId: number; type: string; url: string }[],
): Promise<Set<number>> {
  return inTransaction(writer, async (tx) => {
    await ownedOrder(tx, orderId);
    const moved = new Set<number>();
    for (const challenge of challenges) {
      const result = await tx.ledger
        .updateTable('authorizations')
        .set({
          challenge: 'submitting',
          challenge_type: challenge.type,
          challenge_url: challenge.url,
          submitted_at: instant(tx),
          // An order has taken it up: whoever was to close it doesn't any more.
          closing_run_id: null,
        })
        .where('id', '=', challenge.authorizationId)
        .where('challenge', 'in', ['none', 'presented'])
        .where('status', '=', 'pending')
        .executeTakeFirst();
      if (result.numUpdatedRows > 0n) moved.add(challenge.authorizationId);
    }
    await appendEvents(
      tx,
      [...moved].map((authorizationId) => ({ kind: 'challenge-submitting' as const, authorizationId })),
    );
    return moved;
  });
}

/**
 * Written before a challenge POST is sent once more, because the CA took none yet and asked to come back: its verdict is awaited from now.
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

/** The CA accepted the challenge POST (RFC 8555 §7.5.1). */
export async function recordSubmitted(
  writer: LedgerWriter,
  authorizationIds: readonly number[],
): Promise<void> {
  if (authorizationIds.length === 0) return;
  await inTransaction(writer, async (tx) => {
    const moved = await tx.ledger
      .updateTable('authorizations')
      .set({ challenge: 'submitted' })
      .where('id', 'in', authorizationIds)
      .where('challenge', '=', 'submitting')
      .returning('id')
      .execute();
    await appendEvents(
      tx,
      moved.map(({ id }) => ({ kind: 'challenge-submitted' as const, authorizationId: id })),
    );
  });
}

/**
 * The CA shows that it was handed a challenge's answer, and we don't know of it: the answer to our POST was lost, or somebody else sent one.
 * From here the CA decides.
 * @returns false when the ledger knew it, or holds the authorization as over
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

/** The challenge POST never took effect: the CA refused it, or still shows it untouched after any validation must have ended. */
export async function recordNotSubmitted(
  writer: LedgerWriter,
  authorizationId: number,
  why: string,
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    const result = await tx.ledger
      .updateTable('authorizations')
      .set({ challenge: 'none', submitted_at: null })
      .where('id', '=', authorizationId)
      .where('challenge', '=', 'submitting')
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) return;
    await appendEvents(tx, [{ kind: 'challenge-not-submitted', authorizationId, data: { why } }]);
  });
}

/** The CA doesn't deactivate it (RFC 8555 §7.5.2 lets it refuse; step-ca and Caddy don't implement it): it ends by expiring. */
export async function recordRefused(
  writer: LedgerWriter,
  authorizationId: number,
  error: unknown,
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('authorizations')
      .set({ refused_at: instant(tx), error: JSON.stringify(error) })
      .where('id', '=', authorizationId)
      .execute();
    await appendEvents(tx, [{ kind: 'authorization-refused', authorizationId, data: error }]);
  });
}
