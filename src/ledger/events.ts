import type { Insertable } from 'kysely';
import { compiledOnce } from './compiled.ts';
import type { LedgerWriter } from './writer.ts';
import { instant } from './writer.ts';
import type { EventRow, EventTable } from './schema.ts';
import type { Ledger } from './ledger.ts';

/** The kinds of events, in the words of docs/ledger.md. */
export type EventKind =
  | 'account-created'
  | 'account-registered'
  | 'account-held'
  | 'account-lost'
  | 'account-used'
  | 'order-intent'
  | 'order-taken-over'
  | 'order-answered'
  | 'order-released'
  | 'order-stuck'
  | 'authorization-status'
  | 'authorization-refused'
  | 'challenge-presenting'
  | 'challenge-submitting'
  | 'challenge-submitted'
  | 'challenge-cleaned-up'
  | 'challenge-not-submitted'
  | 'finalize-sent'
  | 'certificate-wanted'
  | 'certificate-stored'
  | 'certificate-deployed'
  | 'certificate-failed'
  | 'certificate-removed'
  | 'certificate-revoked'
  | 'certificate-paused'
  | 'certificate-resumed'
  | 'name-failed'
  | 'name-suspended'
  | 'name-recovered'
  | 'name-resumed'
  | 'name-healthy'
  | 'difference'
  | 'mended';

export interface Event {
  kind: EventKind;
  accountId?: number;
  orderId?: number;
  authorizationId?: number;
  certificateName?: string;
  data?: object;
}

/**
 * Appends to the history. Called inside the transaction that makes the change, so that there is never a
 * change without its event, nor an event without its change.
 */
export async function appendEvents(writer: LedgerWriter, events: readonly Event[]): Promise<void> {
  const at = instant(writer);
  for (const event of events) {
    await insertEvent(writer.ledger, {
      at,
      run_id: writer.runId,
      account_id: event.accountId ?? null,
      order_id: event.orderId ?? null,
      authorization_id: event.authorizationId ?? null,
      certificate_name: event.certificateName ?? null,
      kind: event.kind,
      data: event.data ?? null,
    });
  }
}

const insertEvent = compiledOnce((ledger, event: Insertable<EventTable>) =>
  ledger.insertInto('events').values({
    at: event.at,
    run_id: event.run_id,
    account_id: event.account_id,
    order_id: event.order_id,
    authorization_id: event.authorization_id,
    certificate_name: event.certificate_name,
    kind: event.kind,
    data: event.data,
  }),
);

/** The history of one authorization or order, oldest first. */
export async function eventsOf(
  ledger: Ledger,
  subject: { authorizationId: number } | { orderId: number },
): Promise<EventRow[]> {
  const query = ledger.selectFrom('events').selectAll().orderBy('id');
  return 'orderId' in subject
    ? query.where('order_id', '=', subject.orderId).execute()
    : query.where('authorization_id', '=', subject.authorizationId).execute();
}

/** What these runs did with certificates, oldest first. */
export async function outcomeEvents(ledger: Ledger, runIds: readonly string[]): Promise<EventRow[]> {
  if (runIds.length === 0) return [];
  return ledger
    .selectFrom('events')
    .selectAll()
    .where('run_id', 'in', runIds)
    .where('kind', 'like', 'certificate-%')
    .orderBy('id')
    .execute();
}
