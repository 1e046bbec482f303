import { isListCut } from '../../acme/order-list.ts';
import { isGone } from '../../acme/objects/problems.ts';
import type { Answer, Order } from '../../acme/objects/resources.ts';
import type { Identifier } from '../../identifiers.ts';
import { identifierSetKey } from '../../identifiers.ts';
import { orderByUrl } from '../../ledger/orders/orders.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';

/** So many orders of the account's list that the ledger doesn't know are looked at; a lost one beyond them stays counted. */
const strangersMax = 1_000;

/**
 * The order of the account for exactly these names that the ledger doesn't know: an open one, else an invalid one, whose authorizations
 * may be open all the same. `too-many` when not all of the list could be looked at: one that the CA has forgotten may have been it.
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
    // Nobody can have finalized a lost one: what is further than `ready` was made by somebody else.
    if (order.status === 'pending' || order.status === 'ready') return order;
    if (order.status === 'invalid') invalid = order;
  }
  return invalid ?? (isForgotten || isCut ? 'too-many' : null);
}

/** A list that can't be read to its end says as much as what came up in it. */
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
