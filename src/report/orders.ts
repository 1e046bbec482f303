import { systemClock } from '../clock.ts';
import { AcmeLedgerError } from '../errors.ts';
import { comparableName } from '../identifiers.ts';
import { listedAuthorization } from '../ledger/authorizations/authorization-list.ts';
import { authorizationsOf } from '../ledger/authorizations/authorizations.ts';
import { eventsOf } from '../ledger/events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { listOrders, ordersWithName } from '../ledger/orders/order-queries.ts';
import type { OrderRow } from '../ledger/schema.ts';
import { orderById, orderByUrl } from '../ledger/orders/orders.ts';
import type { OrderStatus } from '../ledger/states.ts';
import { printable } from '../printable.ts';
import { accountsAtCa } from '../run/accounts/chosen-account.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { ListChoice } from './lists/list-words.ts';
import { onlyOne, shownMost } from './lists/only-one.ts';
import { globMatcher } from './lists/selection.ts';
import {
  type AuthorizationJson,
  type EventJson,
  type OrderJson,
  authorizationJson,
  eventJson,
  orderJson,
} from './ledger-json.ts';

/** Orders, newest first; of all accounts unless `--ca` is given. @throws AcmeLedgerError `not-found` */
export async function chosenOrders(
  context: CommandContext,
  { statuses, nameLike, olderThanMs, limit }: ListChoice<OrderStatus, string>,
): Promise<OrderJson[]> {
  const isNamed = nameLike === undefined ? null : globMatcher(nameLike);
  return withLedger(context.settings, async (ledger) => {
    const accountIds = await accountsAtCa(context, ledger);
    const rows = await listOrders(ledger, {
      ...(accountIds === null ? {} : { accountIds }),
      ...(statuses === undefined ? {} : { statuses }),
      ...(limit === Infinity || isNamed !== null ? {} : { limit }),
      ...(olderThanMs === null ? {} : { createdBefore: new Date(systemClock.now().getTime() - olderThanMs) }),
    });
    const named =
      isNamed === null
        ? rows
        : rows.filter(({ certificate_name, names }) => [certificate_name, ...names].some(isNamed));
    return named.slice(0, limit).map(orderJson);
  });
}

/** `order show --json`. */
export type OrderShown = OrderJson & { authorizations: AuthorizationJson[]; history: EventJson[] };

/**
 * An order with its authorizations and history. @param key the order's number in the ledger, its URL, or a name
 * that no other order has
 * @throws AcmeLedgerError `not-found`; `usage` when several orders have the name
 */
export async function oneOrder({ settings }: CommandContext, key: string): Promise<OrderShown> {
  return withLedger(settings, async (ledger) => {
    const row = await orderFor(ledger, key);
    if (row === undefined) {
      throw new AcmeLedgerError('not-found', `the ledger has no order ${printable(key)}`, {
        hint: 'acme-ledger order list shows those that it has',
      });
    }
    const held = await authorizationsOf(ledger, row.id);
    const listed = await Promise.all(held.map(({ id }) => listedAuthorization(ledger, { id })));
    return {
      ...orderJson(row),
      authorizations: listed.flatMap((each) => (each === undefined ? [] : [authorizationJson(each)])),
      history: (await eventsOf(ledger, { orderId: row.id })).map(eventJson),
    };
  });
}

async function orderFor(ledger: Ledger, key: string): Promise<OrderRow | undefined> {
  if (/^[0-9]+$/.test(key)) return orderById(ledger, Number(key));
  const byUrl = await orderByUrl(ledger, key);
  if (byUrl !== undefined) return byUrl;
  const name = comparableName(key);
  return onlyOne(await ordersWithName(ledger, name, shownMost + 1), {
    what: 'order',
    typed: key,
    told: ({ id, status }) => `${String(id)} (${status})`,
  });
}
