import type { ErrorRecord } from '../../errors.ts';
import { compiledOnce } from '../compiled.ts';
import { appendEvents } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import { orderById, ownedOrder } from './orders.ts';
import type { PresentationRow } from '../schema.ts';
import type { Instant } from '../columns.ts';
import { challengeProgressesBefore } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

export interface NewPresentation {
  authorizationId: number;
  /** Solver settings: plain data, no secrets. */
  settings: object;
  challengeType: string;
  challengeUrl: string;
  identifier: { type: string; value: string };
  token: string;
  keyAuthorization: string;
}

/**
 * Records answers before the solvers put them up: an answer that may be up is known, also after a crash in
 * the middle of putting it up.
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
    const inserted: PresentationRow[] = [];
    for (const presentation of presentations) {
      const { rows } = await insertPresentation(tx.ledger, presentationValues(tx, orderId, presentation));
      inserted.push(...rows);
      await markPresented(tx.ledger, presentation);
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
    return inserted;
  });
}

const insertPresentation = compiledOnce((ledger, row: ReturnType<typeof presentationValues>) =>
  ledger
    .insertInto('presentations')
    .values({
      authorization_id: row.authorization_id,
      order_id: row.order_id,
      settings: row.settings,
      challenge_type: row.challenge_type,
      identifier_type: row.identifier_type,
      identifier: row.identifier,
      token: row.token,
      key_authorization: row.key_authorization,
      created_at: row.created_at,
    })
    .returningAll(),
);

const markPresented = compiledOnce(
  (ledger, { authorizationId, challengeType, challengeUrl }: NewPresentation) =>
    ledger
      .updateTable('authorizations')
      .set({ challenge: 'presented', challenge_type: challengeType, challenge_url: challengeUrl })
      .where('id', '=', authorizationId)
      .where('challenge', 'in', challengeProgressesBefore('presented')),
);

function presentationValues(writer: LedgerWriter, orderId: number, presentation: NewPresentation) {
  return {
    authorization_id: presentation.authorizationId,
    order_id: orderId,
    settings: presentation.settings,
    challenge_type: presentation.challengeType,
    identifier_type: presentation.identifier.type,
    identifier: presentation.identifier.value,
    token: presentation.token,
    key_authorization: presentation.keyAuthorization,
    created_at: instant(writer),
  };
}

/** Answers of an order that are, or may be, still up. */
export async function presentationsUp(ledger: Ledger, orderId: number): Promise<PresentationRow[]> {
  return (await upOf(ledger, { orderId })).rows;
}

const upOf = compiledOnce((ledger, { orderId }: { orderId: number }) =>
  ledger
    .selectFrom('presentations')
    .selectAll()
    .where('order_id', '=', orderId)
    .where('cleaned_at', 'is', null)
    .orderBy('id'),
);

/** The key authorizations of all answers that are, or may be, up: of orders and of probes. */
export async function keyAuthorizationsUp(ledger: Ledger): Promise<string[]> {
  const presented = await ledger
    .selectFrom('presentations')
    .select('key_authorization')
    .where('cleaned_at', 'is', null)
    .execute();
  const probed = await ledger.selectFrom('probes').select('key_authorization').execute();
  return [...presented, ...probed].map((row) => row.key_authorization);
}

/** An answer of http-01, and the name that it proves. */
export type HttpAnswer = Pick<PresentationRow, 'identifier' | 'token' | 'key_authorization'>;

/** All answers of http-01 that are, or may be, up: those of orders and those of probes. */
export async function httpAnswersUp(ledger: Ledger): Promise<HttpAnswer[]> {
  const columns = ['identifier', 'token', 'key_authorization'] as const;
  return ledger
    .selectFrom('presentations')
    .select(columns)
    .where('challenge_type', '=', 'http-01')
    .where('cleaned_at', 'is', null)
    .unionAll(ledger.selectFrom('probes').select(columns).where('challenge_type', '=', 'http-01'))
    .execute();
}

/**
 * Whether an answer is taken down, as the ledger has it, and no other answer is up for its authorization, for
 * whichever order.
 */
export async function isTakenDown(
  ledger: Ledger,
  { id, authorization_id }: Pick<PresentationRow, 'id' | 'authorization_id'>,
): Promise<boolean> {
  const up = await ledger
    .selectFrom('presentations')
    .select('id')
    .where((row) => row.or([row('authorization_id', '=', authorization_id), row('id', '=', id)]))
    .where('cleaned_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return up === undefined;
}

/** Orders with an answer that may still be up, and without an authorization to close. */
export async function ordersStillPresented(ledger: Ledger): Promise<Set<number>> {
  const rows = await ledger
    .selectFrom('presentations')
    .select('order_id')
    .where('cleaned_at', 'is', null)
    .where((query) =>
      query.not(
        query.exists(
          query
            .selectFrom('order_authorizations')
            .innerJoin('authorizations', 'authorizations.id', 'order_authorizations.authorization_id')
            .select('authorizations.id')
            .whereRef('order_authorizations.order_id', '=', 'presentations.order_id')
            .where('authorizations.status', '=', 'pending')
            .where('authorizations.refused_at', 'is', null),
        ),
      ),
    )
    .execute();
  return new Set(rows.map(({ order_id }) => order_id));
}

/**
 * Records that answers were taken down, for orders of this run: the answers of an order that another run has
 * taken over meanwhile may be up again.
 */
export async function recordCleanedUp(writer: LedgerWriter, all: readonly PresentationRow[]): Promise<void> {
  if (all.length === 0) return;
  await inTransaction(writer, async (tx) => {
    const owners = new Map<number, string | null>();
    for (const id of new Set(all.map(({ order_id }) => order_id)))
      owners.set(id, (await orderById(tx.ledger, id))?.run_id ?? null);
    const presentations = all.filter(({ order_id }) => owners.get(order_id) === tx.runId);
    for (const { id, authorization_id } of presentations) {
      await markCleaned(tx.ledger, { id, at: instant(tx) });
      await markNotPresented(tx.ledger, { authorizationId: authorization_id });
    }
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

const markCleaned = compiledOnce((ledger, { id, at }: { id: number; at: Instant }) =>
  ledger.updateTable('presentations').set({ cleaned_at: at, error: null }).where('id', '=', id),
);

const markNotPresented = compiledOnce((ledger, { authorizationId }: { authorizationId: number }) =>
  ledger
    .updateTable('authorizations')
    .set({ challenge: 'none' })
    .where('id', '=', authorizationId)
    .where('challenge', '=', 'presented'),
);

/**
 * Records why an answer couldn't be taken down: it stays in the list of answers that are up, for the next
 * clean-up to try again.
 */
export async function recordCleanUpFailed(
  writer: LedgerWriter,
  presentationId: number,
  error: ErrorRecord,
): Promise<void> {
  await writer.ledger.updateTable('presentations').set({ error }).where('id', '=', presentationId).execute();
}
