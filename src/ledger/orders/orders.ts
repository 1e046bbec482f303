import type { ErrorRecord } from '../../errors.ts';
import type { Updateable } from 'kysely';
import { compiledOnce } from '../compiled.ts';
import { appendEvents } from '../events.ts';
import { releaseReservations } from '../limits/limit-reservations.ts';
import type { Ledger } from '../ledger.ts';
import { learnAuthorizationUrls } from './order-authorizations.ts';
import type { OrderRow } from '../schema.ts';
import type { OrderTable } from '../tables/order-tables.ts';
import type { Instant } from '../columns.ts';
import type { OrderStatus } from '../states.ts';
import { orderStatusesBefore } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { instant, inTransaction, lostOwnership } from '../writer.ts';

/** An order as the CA answered it (RFC 8555 §7.1.3); `src/acme` has the whole of it. */
export interface OrderAnswer {
  url: string;
  status: Exclude<OrderStatus, 'intent' | 'abandoned'>;
  expiresAt: Date | null;
  finalizeUrl: string | null;
  certificateUrl: string | null;
  authorizationUrls: readonly string[];
}

export async function orderById(ledger: Ledger, id: number): Promise<OrderRow | undefined> {
  return (await orderOf(ledger, { id })).rows[0];
}

const orderOf = compiledOnce((ledger, { id }: { id: number }) =>
  ledger.selectFrom('orders').selectAll().where('id', '=', id),
);

export async function orderByUrl(ledger: Ledger, url: string): Promise<OrderRow | undefined> {
  return (await withUrl(ledger, { url })).rows[0];
}

const withUrl = compiledOnce((ledger, { url }: { url: string }) =>
  ledger.selectFrom('orders').selectAll().where('url', '=', url),
);

/**
 * Records the CA's answer to newOrder, or to a later look at the order: its URLs, its status, and a row for
 * each authorization. From here the authorizations are counted one by one and nothing is reserved.
 * @throws AcmeLedgerError `busy` when this run doesn't own the order any more
 */
export async function recordOrderAnswer(
  writer: LedgerWriter,
  order: OrderRow,
  answer: OrderAnswer,
): Promise<OrderRow> {
  return inTransaction(writer, async (tx) => {
    const before = await ownedOrder(tx, order.id);
    if (before.url !== answer.url)
      await takeUrlFrom(tx.ledger, { newOwnerId: order.id, url: answer.url, at: instant(tx) });
    // A CA that reads from a replica may show an older state than it did before.
    const isPossible = orderStatusesBefore(answer.status).includes(before.status);
    const status = isPossible ? answer.status : before.status;
    const row: OrderRow = {
      ...before,
      url: answer.url,
      status,
      finalize_url: answer.finalizeUrl ?? before.finalize_url,
      expires_at: answer.expiresAt,
      reserved: 0,
      updated_at: instant(tx),
      // The certificate URL is kept once known: of two finalizes milliseconds apart, Boulder's second can
      // take it from the order again.
      certificate_url: answer.certificateUrl ?? before.certificate_url,
      concluded_at: status === 'invalid' ? instant(tx) : before.concluded_at,
    };
    await updateAnswered(tx.ledger, row);
    await releaseReservations(tx, row);
    await learnAuthorizationUrls(tx, row, answer.authorizationUrls);
    if (before.status !== answer.status || before.url !== answer.url) {
      const data = { url: answer.url, status: answer.status };
      await appendEvents(tx, [
        { kind: 'order-answered', orderId: order.id, accountId: order.account_id, data },
      ]);
    }
    return row;
  });
}

const updateAnswered = compiledOnce((ledger, row: OrderRow) =>
  ledger
    .updateTable('orders')
    .set({
      url: row.url,
      status: row.status,
      finalize_url: row.finalize_url,
      expires_at: row.expires_at,
      reserved: row.reserved,
      updated_at: row.updated_at,
      certificate_url: row.certificate_url,
      concluded_at: row.concluded_at,
    })
    .where('id', '=', row.id),
);

/**
 * A CA may hand back an order that was given up here (Boulder does, for the same names): the order's URL is
 * the new intent's from now on.
 */
const takeUrlFrom = compiledOnce(
  (ledger, { newOwnerId, url, at }: { newOwnerId: number; url: string; at: Instant }) =>
    ledger
      .updateTable('orders')
      .set({ url: null, updated_at: at })
      .where('url', '=', url)
      .where('id', '<>', newOwnerId)
      .where('status', 'in', ['invalid', 'abandoned']),
);

/** The order, if it is this run's. @throws AcmeLedgerError `busy` when another run took it over */
export async function ownedOrder(writer: LedgerWriter, orderId: number): Promise<OrderRow> {
  const row = await orderById(writer.ledger, orderId);
  if (row?.run_id === writer.runId) return row;
  throw lostOwnership(orderId);
}

/**
 * Records a finalize, with the digest of its CSR, before the POST is sent (promise 1). @throws
 * AcmeLedgerError `busy`
 */
export async function recordFinalizeSent(writer: LedgerWriter, orderId: number, csr: string): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await ownedOrder(tx, orderId);
    await markFinalizeSent(tx.ledger, { orderId, csr, at: instant(tx) });
    await appendEvents(tx, [{ kind: 'finalize-sent', orderId }]);
  });
}

const markFinalizeSent = compiledOnce(
  (ledger, { orderId, csr, at }: { orderId: number; csr: string; at: Instant }) =>
    ledger
      .updateTable('orders')
      .set({ finalize_sent_at: at, csr_sha256: csr, updated_at: at })
      .where('id', '=', orderId),
);

export interface OrderEnd {
  /** The order's new status; left as it is when not given. */
  status?: OrderStatus | undefined;
  /** Until when the next attempt may take the order up. */
  keptUntil?: Date | null;
  /** The certificate is stored. A given-up status concludes the order by itself. */
  concluded?: true;
  /**
   * The answer to newOrder was lost for good: the authorizations that it may have opened stay counted until
   * they must have expired.
   */
  keepReserved?: boolean;
  error?: ErrorRecord;
}

/**
 * Ends this run's work on the order. A move that the states don't know isn't made.
 * @returns false when the order wasn't this run's any more: nothing was written
 */
export async function releaseOrder(writer: LedgerWriter, orderId: number, end: OrderEnd): Promise<boolean> {
  return inTransaction(writer, async (tx) => {
    const before = await orderById(tx.ledger, orderId);
    if (before?.run_id !== tx.runId) return false;
    const isPossible = end.status !== undefined && orderStatusesBefore(end.status).includes(before.status);
    const status = isPossible ? end.status : undefined;
    const row = await tx.ledger
      .updateTable('orders')
      .set({ run_id: null, updated_at: instant(tx), ...endValues(tx, { ...end, status }) })
      .where('id', '=', orderId)
      .returningAll()
      .executeTakeFirstOrThrow();
    await releaseReservations(tx, row);
    const data = { status: status ?? null, keptUntil: end.keptUntil ?? null };
    await appendEvents(tx, [{ kind: 'order-released', orderId, data }]);
    return true;
  });
}

function endValues(
  writer: LedgerWriter,
  { status, keepReserved, concluded, keptUntil, error }: OrderEnd,
): Updateable<OrderTable> {
  return {
    ...(status === undefined ? {} : { status }),
    ...(keepReserved === true || status === undefined ? {} : { reserved: 0 }),
    ...(concluded === true || status === 'invalid' || status === 'abandoned'
      ? { concluded_at: instant(writer) }
      : {}),
    ...(keptUntil === undefined ? {} : { kept_until: keptUntil }),
    ...(error === undefined ? {} : { error }),
    ...(concluded === true && error === undefined ? { error: null } : {}),
  };
}

/**
 * Keeps no orders any more of a certificate that nobody wants, or not with other names than `exceptNamesKey`:
 * authorizations kept for its next attempt are a leak from now on.
 */
export async function unkeepOrdersOf(
  writer: LedgerWriter,
  certificateName: string,
  exceptNamesKey = '',
): Promise<void> {
  await writer.ledger
    .updateTable('orders')
    .set({ kept_until: instant(writer), updated_at: instant(writer) })
    .where('certificate_name', '=', certificateName)
    .where('names_key', '<>', exceptNamesKey)
    .where('concluded_at', 'is', null)
    .execute();
}
