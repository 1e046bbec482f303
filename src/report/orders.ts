import { AcmeLedgerError } from '../errors.ts';
import { listedAuthorization } from '../ledger/authorizations/authorization-list.ts';
import { authorizationsOf } from '../ledger/authorizations/authorizations.ts';
import { eventsOf } from '../ledger/events.ts';
import { listOrders } from '../ledger/orders/order-queries.ts';
import { orderById, orderByUrl } from '../ledger/orders/orders.ts';
import type { OrderStatus } from '../ledger/states.ts';
import { printable } from '../printable.ts';
import { accountsAtCa } from '../run/accounts/chosen-account.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
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
  { statuses, limit }: { statuses: OrderStatus[] | undefined; limit: number | undefined },
): Promise<OrderJson[]> {
  return withLedger(context.settings, async (ledger) => {
    const accountIds = await accountsAtCa(context, ledger);
    const rows = await listOrders(ledger, {
      ...(accountIds === null ? {} : { accountIds }),
      ...(statuses === undefined ? {} : { statuses }),
      ...(limit === undefined ? {} : { limit }),
    });
    return rows.map(orderJson);
  });
}

/** `order show --json`. */
export type OrderShown = OrderJson & { authorizations: AuthorizationJson[]; history: EventJson[] };

/**
 * An order with its authorizations and history. @param key the order's number in the ledger, or its URL
 * @throws AcmeLedgerError `not-found`
 */
export async function oneOrder({ settings }: CommandContext, key: string): Promise<OrderShown> {
  return withLedger(settings, async (ledger) => {
    const row = await (/^[0-9]+$/.test(key) ? orderById(ledger, Number(key)) : orderByUrl(ledger, key));
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
