import { appendEvents } from './events.ts';
import type { Ledger } from './open.ts';
import { ownedOrder } from './orders.ts';
import type { PresentationRow } from './schema.ts';
import { challengeProgressesBefore } from './states.ts';
import type { LedgerWriter } from './writer.ts';
import { inTransaction, instant } from './writer.ts';

export interface NewPresentation {
  authorizationId: number;
  /** Solver settings: plain data, no secrets. */
  settings: unknown;
  challengeType: string;
  challengeUrl: string;
  identifier: { type: string; value: string };
  token: string;
  keyAuthorization: string;
}

/**
 * Written before the solvers act: what may be up is known, also after a crash in the middle of putting it up.
 * @throws AcmeLedgerError `busy` when another run took the order over
 */
export async function insertPresentations(
  writer: LedgerWriter,
  orderId: number,
  presentations: readonly NewPresentation[],
): Promise<PresentationRow[]> {
  if (presentations.length === 0) return [];
  return inTransaction(writer, async (tx) => {
    await ownedOrder(tx, orderId);
    const rows = await tx.ledger
      .insertInto('presentations')
      .values(presentations.map((presentation) => presentationValues(tx, orderId, presentation)))
      .returningAll()
      .execute();
    for (const presentation of presentations) {
      await tx.ledger
        .updateTable('authorizations')
        .set({
          challenge: 'presented',
          challenge_type: presentation.challengeType,
          challenge_url: presentation.challengeUrl,
        })
        .where('id', '=', presentation.authorizationId)
        .where('challenge', 'in', challengeProgressesBefore('presented'))
        .execute();
    }
    await appendEvents(
      tx,
      presentations.map(({ authorizationId, challengeType }) => ({
        kind: 'challenge-presenting' as const,
        authorizationId,
        orderId,
        data: { challengeType },
      })),
    );
    return rows;
  });
}

function presentationValues(writer: LedgerWriter, orderId: number, presentation: NewPresentation) {
  return {
    authorization_id: presentation.authorizationId,
    order_id: orderId,
    settings: JSON.stringify(presentation.settings),
    challenge_type: presentation.challengeType,
    identifier_type: presentation.identifier.type,
    identifier: presentation.identifier.value,
    token: presentation.token,
    key_authorization: presentation.keyAuthorization,
    created_at: instant(writer),
  };
}

/** What of an order is, or may be, still up. */
export async function presentationsUp(ledger: Ledger, orderId: number): Promise<PresentationRow[]> {
  return ledger
    .selectFrom('presentations')
    .selectAll()
    .where('order_id', '=', orderId)
    .where('cleaned_at', 'is', null)
    .orderBy('id')
    .execute();
}

export async function recordCleanedUp(
  writer: LedgerWriter,
  presentations: readonly PresentationRow[],
): Promise<void> {
  if (presentations.length === 0) return;
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('presentations')
      .set({ cleaned_at: instant(tx), error: null })
      .where(
        'id',
        'in',
        presentations.map((presentation) => presentation.id),
      )
      .execute();
    await tx.ledger
      .updateTable('authorizations')
      .set({ challenge: 'none' })
      .where(
        'id',
        'in',
        presentations.map((presentation) => presentation.authorization_id),
      )
      .where('challenge', '=', 'presented')
      .execute();
    await appendEvents(
      tx,
      presentations.map((presentation) => ({
        kind: 'challenge-cleaned-up' as const,
        authorizationId: presentation.authorization_id,
        orderId: presentation.order_id,
      })),
    );
  });
}

/** It stays in the list of what is up, for the next clean-up to try again. */
export async function recordCleanUpFailed(
  writer: LedgerWriter,
  presentationId: number,
  error: unknown,
): Promise<void> {
  await writer.ledger
    .updateTable('presentations')
    .set({ error: JSON.stringify(error) })
    .where('id', '=', presentationId)
    .execute();
}
