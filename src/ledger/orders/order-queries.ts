import { sql } from 'kysely';
import type { Ledger } from '../ledger.ts';
import type { Instant } from '../columns.ts';
import type { OrderRow } from '../schema.ts';
import type { OrderStatus } from '../states.ts';

/** Orders, newest first. */
export async function listOrders(
  ledger: Ledger,
  filter: {
    accountIds?: readonly number[];
    statuses?: readonly OrderStatus[];
    createdBefore?: Date;
    limit?: number;
  },
): Promise<OrderRow[]> {
  let query = ledger.selectFrom('orders').selectAll().orderBy('id', 'desc');
  if (filter.accountIds !== undefined) query = query.where('account_id', 'in', filter.accountIds);
  if (filter.statuses !== undefined) query = query.where('status', 'in', filter.statuses);
  if (filter.createdBefore !== undefined) query = query.where('created_at', '<', filter.createdBefore);
  if (filter.limit !== undefined) query = query.limit(filter.limit);
  return query.execute();
}

/** Orders of the certificate with this name, and orders that hold the name; the newest first. */
export async function ordersWithName(ledger: Ledger, name: string, limit: number): Promise<OrderRow[]> {
  const pattern = `% ${name.replace(/[\\%_]/g, '\\$&')} %`;
  return ledger
    .selectFrom('orders')
    .selectAll()
    .where((row) =>
      row.or([
        row('certificate_name', '=', name),
        sql<boolean>`' ' || names_key || ' ' like ${pattern} escape '\\'`,
      ]),
    )
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/**
 * Whether a newOrder that said that it replaces this certificate (RFC 9773) was refused, or never answered.
 */
export async function wasReplacingRefused(ledger: Ledger, replaces: string): Promise<boolean> {
  const order = await ledger
    .selectFrom('orders')
    .select('id')
    .where('replaces', '=', replaces)
    .where('url', 'is', null)
    .where('status', 'in', ['invalid', 'abandoned'])
    .limit(1)
    .executeTakeFirst();
  return order !== undefined;
}

/** Whether an account of this CA had a certificate issued for exactly these names since then. */
export async function wasIssuedSince(
  ledger: Ledger,
  ca: string,
  namesKey: string,
  since: Date,
): Promise<boolean> {
  const order = await ledger
    .selectFrom('orders')
    .innerJoin('accounts', 'accounts.id', 'orders.account_id')
    .select('orders.id')
    .where('names_key', '=', namesKey)
    .where('orders.status', '=', 'valid')
    .where('finalize_sent_at', '>', since)
    .where('ca', '=', ca)
    .limit(1)
    .executeTakeFirst();
  return order !== undefined;
}

/**
 * Whether the CA still has another order of the account for the same names that can't become ready any more.
 */
export async function hasFailedAlike(
  ledger: Ledger,
  order: Pick<OrderRow, 'id' | 'account_id' | 'names_key'>,
  now: Date,
): Promise<boolean> {
  const failed = await ledger
    .selectFrom('orders')
    .select('id')
    .where('account_id', '=', order.account_id)
    .where('names_key', '=', order.names_key)
    .where('id', '<>', order.id)
    .where('url', 'is not', null)
    .where((row) => row.or([row('status', 'in', ['invalid', 'abandoned']), row('stuck_at', 'is not', null)]))
    .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', now)]))
    .limit(1)
    .executeTakeFirst();
  return failed !== undefined;
}

/** Whether a rehearsal of these names, proven in this way, came to its end since then. */
export async function wasRehearsedSince(
  ledger: Ledger,
  rehearsed: Pick<OrderRow, 'account_id' | 'names_key' | 'profile' | 'rehearsal'>,
  since: Date,
): Promise<boolean> {
  const order = await rehearsedOrders(ledger, rehearsed.account_id, since)
    .select('id')
    .where('names_key', '=', rehearsed.names_key)
    .where('profile', '=', rehearsed.profile)
    .where('rehearsal', '=', rehearsed.rehearsal)
    .limit(1)
    .executeTakeFirst();
  return order !== undefined;
}

/** The key that tells one rehearsal from another: the profile, the `names_key` and the solver's settings. */
export function rehearsalKey(profile: string, namesKey: string, settings: object | null): string {
  return `${profile} ${namesKey} ${JSON.stringify(settings)}`;
}

/** The `rehearsalKey` of each rehearsal that the account did since then. */
export async function rehearsedKeysSince(
  ledger: Ledger,
  accountId: number,
  since: Date,
): Promise<Set<string>> {
  const rows = await rehearsedOrders(ledger, accountId, since)
    .select(['profile', 'names_key', 'rehearsal'])
    .execute();
  return new Set(rows.map((row) => rehearsalKey(row.profile, row.names_key, row.rehearsal)));
}

/** The rehearsals of a day are asked for; a day more for clocks. */
const rehearsalReachMs = 2 * 86_400_000;

function rehearsedOrders(ledger: Ledger, accountId: number, since: Date) {
  return (
    ledger
      .selectFrom('orders')
      .where('account_id', '=', accountId)
      .where('rehearsal', 'is not', null)
      .where('status', '=', 'valid')
      .where('finalize_sent_at', '>', since)
      // A rehearsal later than that was dated by a clock that was ahead: its time says nothing.
      .where('finalize_sent_at', '<=', new Date(since.getTime() + rehearsalReachMs))
      .where('concluded_at', 'is not', null)
  );
}

/**
 * The sets of names, as `names_key`, for which accounts of this CA had certificates issued since then, with the
 * time of the latest.
 */
export async function namesIssuedSince(
  ledger: Ledger,
  ca: string,
  since: Date,
): Promise<Map<string, Instant>> {
  const rows = await ledger
    .selectFrom('orders')
    .innerJoin('accounts', 'accounts.id', 'orders.account_id')
    .select(['names_key', 'finalize_sent_at'])
    .where('orders.status', '=', 'valid')
    .where('finalize_sent_at', '>', since)
    .where('ca', '=', ca)
    .orderBy('finalize_sent_at')
    .execute();
  return new Map(
    rows.flatMap(({ names_key, finalize_sent_at: at }) => (at === null ? [] : [[names_key, at]])),
  );
}

/** The profile and the `names_key`, a blank between, of each order of the account that isn't concluded. */
export async function liveOrderKeys(ledger: Ledger, accountId: number): Promise<Set<string>> {
  const rows = await ledger
    .selectFrom('orders')
    .select(['profile', 'names_key'])
    .where('account_id', '=', accountId)
    .where('concluded_at', 'is', null)
    .where('stuck_at', 'is', null)
    .execute();
  return new Set(rows.map(({ profile, names_key }) => `${profile} ${names_key}`));
}

/** Orders that can still become a certificate and hold this authorization. */
export async function ordersHolding(ledger: Ledger, authorizationId: number): Promise<OrderRow[]> {
  return ledger
    .selectFrom('orders')
    .innerJoin('order_authorizations', 'order_authorizations.order_id', 'orders.id')
    .selectAll('orders')
    .where('order_authorizations.authorization_id', '=', authorizationId)
    .where('orders.concluded_at', 'is', null)
    .execute();
}

/** When each of these orders was concluded. An order that the ledger doesn't know is left out. */
export async function conclusionsOf(
  ledger: Ledger,
  ids: readonly number[],
): Promise<Map<number, Instant | null>> {
  const known = new Map<number, Instant | null>();
  // SQLite takes 32,766 parameters.
  for (let from = 0; from < ids.length; from += 10_000) {
    const rows = await ledger
      .selectFrom('orders')
      .select(['id', 'concluded_at'])
      .where('id', 'in', ids.slice(from, from + 10_000))
      .execute();
    for (const row of rows) known.set(row.id, row.concluded_at);
  }
  return known;
}

/**
 * Whether an order for these names was finalized and isn't concluded: its run may be about to store the
 * certificate, or has stored it and died before saying so.
 */
export async function isBeingCollected(ledger: Ledger, namesKey: string): Promise<boolean> {
  const row = await ledger
    .selectFrom('orders')
    .select('id')
    .where('names_key', '=', namesKey)
    .where('concluded_at', 'is', null)
    .where('finalize_sent_at', 'is not', null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Orders that finalize was sent for and that aren't concluded: their certificate is still to come. */
export async function finalizedOrders(ledger: Ledger): Promise<OrderRow[]> {
  return ledger
    .selectFrom('orders')
    .selectAll()
    .where('concluded_at', 'is', null)
    .where('finalize_sent_at', 'is not', null)
    .orderBy('id')
    .execute();
}
