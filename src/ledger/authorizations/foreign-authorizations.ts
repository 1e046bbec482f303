import { appendEvents } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import type { AuthorizationRow } from '../schema.ts';
import type { AuthorizationSource } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** Where another client's log named a URL; null: the log doesn't say. */
export interface FoundIn {
  client: string | null;
  file: string;
  loggedAt: Date | null;
  /** When the file was last written: nothing in it is younger. */
  fileWrittenAt?: Date | null;
}

/**
 * Writes down an authorization that no order of the ledger brought: from a log, or given by its URL. An
 * existing row is left as it is.
 */
export async function insertForeignAuthorization(
  writer: LedgerWriter,
  accountId: number,
  url: string,
  source: AuthorizationSource,
  foundIn: FoundIn | null = null,
): Promise<AuthorizationRow> {
  await writer.ledger
    .insertInto('authorizations')
    .values({
      account_id: accountId,
      url,
      wildcard: false,
      status: 'pending',
      challenge: 'none',
      source,
      created_at: instant(writer),
      client: foundIn?.client ?? null,
      log_file: foundIn?.file ?? null,
      logged_at: foundIn?.loggedAt ?? null,
    })
    .onConflict((conflict) => conflict.column('url').doNothing())
    .execute();
  return writer.ledger
    .selectFrom('authorizations')
    .selectAll()
    .where('url', '=', url)
    .executeTakeFirstOrThrow();
}

/** Whether an order of this ledger, also one that is over, names the authorization. */
export async function isOfOwnOrder(ledger: Ledger, id: number): Promise<boolean> {
  const row = await ledger
    .selectFrom('order_authorizations')
    .select('order_id')
    .where('authorization_id', '=', id)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * The authorization that has one of these challenges and belongs to an order that isn't concluded. A
 * challenge belongs to one authorization, whatever URL that is shown under.
 */
export async function heldByChallenge(
  ledger: Ledger,
  accountId: number,
  challengeUrls: readonly string[],
): Promise<AuthorizationRow | undefined> {
  return ledger
    .selectFrom('orders')
    .innerJoin('order_authorizations', 'order_authorizations.order_id', 'orders.id')
    .innerJoin('authorizations', 'authorizations.id', 'order_authorizations.authorization_id')
    .selectAll('authorizations')
    .where('orders.account_id', '=', accountId)
    .where('orders.concluded_at', 'is', null)
    .where('authorizations.challenge_url', 'in', challengeUrls)
    .limit(1)
    .executeTakeFirst();
}

/**
 * Records a submission before the challenge POST that is to close the authorization (promise 1), whether an
 * order of ours holds the authorization or not.
 * @returns false when the challenge was submitted already, or the authorization is over
 */
export async function recordSubmittingToClose(
  writer: LedgerWriter,
  authorizationId: number,
  challenge: { type: string; url: string },
): Promise<boolean> {
  return inTransaction(writer, async (tx) => {
    const result = await tx.ledger
      .updateTable('authorizations')
      .set({
        challenge: 'submitting',
        challenge_type: challenge.type,
        challenge_url: challenge.url,
        submitted_at: instant(tx),
      })
      .where('id', '=', authorizationId)
      .where('challenge', 'in', ['none', 'presented'])
      .where('status', '=', 'pending')
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) return false;
    await appendEvents(tx, [{ kind: 'challenge-submitting', authorizationId, data: { toClose: true } }]);
    return true;
  });
}
