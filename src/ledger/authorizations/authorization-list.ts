import { chunksOf } from '../chunks.ts';
import type { Ledger } from '../ledger.ts';
import type { AuthorizationRow } from '../schema.ts';
import type { AuthorizationStatus } from '../states.ts';

export interface AuthorizationFilter {
  accountIds?: readonly number[];
  statuses?: readonly AuthorizationStatus[];
  /** Only pending authorizations whose challenge was never submitted. */
  unsubmitted?: boolean;
  createdBefore?: Date;
}

export interface ListedAuthorization extends AuthorizationRow {
  ca: string;
  accountUrl: string | null;
  orderIds: number[];
}

const pageSize = 1_000;

/** Authorizations, newest first, a page at a time: a ledger holds hundreds of thousands. */
export async function* listAuthorizations(
  ledger: Ledger,
  filter: AuthorizationFilter,
): AsyncGenerator<ListedAuthorization> {
  let below = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const rows = await page(ledger, filter, below);
    const orders = await orderIdsOf(
      ledger,
      rows.map((row) => row.id),
    );
    for (const row of rows) yield { ...row, orderIds: orders.get(row.id) ?? [] };
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    below = last.id;
  }
}

/** Authorizations of an account that the ledger holds as pending, oldest first, a page at a time. */
export async function* pendingOf(
  ledger: Ledger,
  accountId: number,
  madeBefore?: Date,
): AsyncGenerator<AuthorizationRow> {
  let above = 0;
  for (;;) {
    const rows = await pending(ledger, accountId, madeBefore)
      .selectAll()
      .where('id', '>', above)
      .orderBy('id')
      .limit(pageSize)
      .execute();
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    above = last.id;
  }
}

/** How many authorizations `pendingOf` gives. */
export async function countPending(ledger: Ledger, accountId: number, madeBefore?: Date): Promise<number> {
  const { count } = await pending(ledger, accountId, madeBefore)
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** How many pending authorizations these orders hold that the CA didn't refuse to deactivate. */
export async function countPendingOf(ledger: Ledger, orderIds: readonly number[]): Promise<number> {
  let all = 0;
  for (const ids of chunksOf(orderIds)) {
    const { count } = await ledger
      .selectFrom('authorizations')
      .innerJoin('order_authorizations', 'order_authorizations.authorization_id', 'authorizations.id')
      .select((select) => select.fn.count<number | string>('authorizations.id').distinct().as('count'))
      .where('order_authorizations.order_id', 'in', ids)
      .where('authorizations.status', '=', 'pending')
      .where('authorizations.refused_at', 'is', null)
      .executeTakeFirstOrThrow();
    all += Number(count);
  }
  return all;
}

function pending(ledger: Ledger, accountId: number, madeBefore: Date | undefined) {
  const query = ledger
    .selectFrom('authorizations')
    .where('account_id', '=', accountId)
    .where('status', '=', 'pending');
  if (madeBefore === undefined) return query;
  // An authorization in another client's log was made before the ledger learned of it. A log time after
  // `created_at` is of a clock that was ahead.
  return query.where((where) =>
    where.or([where('logged_at', '<', madeBefore), where('created_at', '<', madeBefore)]),
  );
}

/** An authorization as the list shows it. */
export async function listedAuthorization(
  ledger: Ledger,
  key: { id: number } | { url: string },
): Promise<ListedAuthorization | undefined> {
  const query = joined(ledger);
  const row = await (
    'id' in key
      ? query.where('authorizations.id', '=', key.id)
      : query.where('authorizations.url', '=', key.url)
  ).executeTakeFirst();
  if (row === undefined) return undefined;
  return { ...row, orderIds: (await orderIdsOf(ledger, [row.id])).get(row.id) ?? [] };
}

/** Authorizations that prove this name, a wildcard by its `*.`; the newest first. */
export async function authorizationsWithName(
  ledger: Ledger,
  name: string,
  limit: number,
): Promise<AuthorizationRow[]> {
  const isWildcard = name.startsWith('*.');
  return ledger
    .selectFrom('authorizations')
    .selectAll()
    .where('identifier', '=', isWildcard ? name.slice(2) : name)
    .where('wildcard', '=', isWildcard)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

async function page(ledger: Ledger, filter: AuthorizationFilter, below: number) {
  let query = joined(ledger)
    .where('authorizations.id', '<', below)
    .orderBy('authorizations.id', 'desc')
    .limit(pageSize);
  if (filter.accountIds !== undefined) {
    query = query.where('authorizations.account_id', 'in', filter.accountIds);
  }
  if (filter.statuses !== undefined) query = query.where('authorizations.status', 'in', filter.statuses);
  if (filter.createdBefore !== undefined) {
    query = query.where('authorizations.created_at', '<', filter.createdBefore);
  }
  if (filter.unsubmitted === true) {
    query = query
      .where('authorizations.status', '=', 'pending')
      .where('authorizations.challenge', 'in', ['none', 'presented']);
  }
  return query.execute();
}

function joined(ledger: Ledger) {
  return ledger
    .selectFrom('authorizations')
    .innerJoin('accounts', 'accounts.id', 'authorizations.account_id')
    .selectAll('authorizations')
    .select(['accounts.ca', 'accounts.url as accountUrl']);
}

async function orderIdsOf(ledger: Ledger, ids: readonly number[]): Promise<Map<number, number[]>> {
  const orders = new Map<number, number[]>();
  if (ids.length === 0) return orders;
  const links = await ledger
    .selectFrom('order_authorizations')
    .selectAll()
    .where('authorization_id', 'in', ids)
    .orderBy('order_id')
    .execute();
  for (const link of links) {
    orders.set(link.authorization_id, [...(orders.get(link.authorization_id) ?? []), link.order_id]);
  }
  return orders;
}
