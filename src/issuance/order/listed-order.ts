import { isListCut } from '../../acme/order-list.ts';
import { isGone } from '../../acme/objects/problems.ts';
import type { Answer, Order } from '../../acme/objects/resources.ts';
import type { Identifier } from '../../identifiers.ts';
import { identifierSetKey } from '../../identifiers.ts';
import { orderByUrl } from '../../ledger/orders/orders.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';

/**
 * The most orders of the account's list, unknown to the ledger, that are looked at; a lost order beyond them
 * stays counted.
 */
const strangersMax = 1_000;

/**
 * The account's order for exactly these names that the ledger doesn't know: an open order, else an invalid
 * one, whose authorizations may be open all the same. `too-many` when not all of the list could be looked at:
 * an order that the CA has forgotten may have been the lost one.
 */
export async function listedOrder(
  run: AccountRun,
  row: OrderRow,
  identifiers: readonly Identifier[],
): Promise<Answer<Order> | null | 'no-list' | 'too-many'> {
  const { session, stops } = run;
  const urls = await (run.listOrders ?? ((signal) => session.listOrders(signal)))(stops.grace);
  if (urls === null) return 'no-list';
  const wanted = identifierSetKey(identifiers);
  let strangers = 0;
  let invalid: Answer<Order> | null = null;
  let [isForgotten, isCut] = [false, false];
  for await (const url of wholeOrCut(urls, () => (isCut = true))) {
    if ((await orderByUrl(run.ledger, url)) !== undefined) continue;
    if (strangers === strangersMax) return invalid ?? 'too-many';
    strangers += 1;
    const order = await stranger(run, url);
    isForgotten ||= order === null;
    if (order === null || identifierSetKey(order.identifiers) !== wanted) continue;
    if (row.profile !== '' && order.profile !== null && order.profile !== row.profile) continue;
    // Nobody can have finalized a lost order: an order further than `ready` was made by somebody else.
    if (order.status === 'pending' || order.status === 'ready') return order;
    if (order.status === 'invalid') invalid = order;
  }
  return invalid ?? (isForgotten || isCut ? 'too-many' : null);
}

/** Yields a list of orders, also one that can't be read to its end: the part that was read still counts. */
async function* wholeOrCut(urls: AsyncIterable<string>, onCut: () => void): AsyncGenerator<string> {
  try {
    yield* urls;
  } catch (error) {
    if (!isListCut(error)) throw error;
    onCut();
  }
}

async function stranger(run: AccountRun, url: string): Promise<Answer<Order> | null> {
  try {
    return await run.session.getOrder(url, run.stops.grace);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}
