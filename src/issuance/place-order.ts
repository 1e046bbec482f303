import { isOutcomeUnknown } from '../acme/connection-failure.ts';
import { isGone, isProblem } from '../acme/problems.ts';
import type { Answer, NewOrder, Order } from '../acme/resources.ts';
import { removeOrderFiles } from '../certificates/order-files.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { Identifier } from '../identifiers.ts';
import { identifierSetKey } from '../identifiers.ts';
import { orderByUrl, recordOrderAnswer, releaseOrder } from '../ledger/orders.ts';
import type { OrderRow } from '../ledger/schema.ts';
import type { AdmittedOrder, Issuance, PlacedOrder } from './issuance.ts';

/** An account's list of orders is read no further than this: a lost one is among the newest or not worth more requests. */
const listedOrdersMax = 1_000;

/**
 * Brings an admitted order to the CA: a new one by newOrder (RFC 8555 §7.4), one that was taken up by looking at it.
 * @returns null when the order that was taken up has ended at the CA or can't be found: it is released, ask the gate again
 */
export async function placeOrder(
  issuance: Issuance,
  { order, isNew }: AdmittedOrder,
  identifiers: readonly Identifier[],
): Promise<PlacedOrder | null> {
  if (order.url !== null) return lookAgain(issuance, order, order.url);
  return isNew ? sendNewOrder(issuance, order, identifiers) : findLost(issuance, order, identifiers);
}

/** Looks at an order that a former attempt left. */
async function lookAgain(issuance: Issuance, row: OrderRow, url: string): Promise<PlacedOrder | null> {
  const answer = await currentOrder(issuance, row, url);
  if (answer === null) return null;
  return { row: await recordOrderAnswer(issuance, row, answer), answer };
}

/** The order as the CA has it; null when it is gone there (Boulder forgets expired ones): then it is released as invalid. */
export async function currentOrder(
  issuance: Issuance,
  row: OrderRow,
  url: string,
): Promise<Answer<Order> | null> {
  try {
    return await issuance.session.getOrder(url, issuance.stops.grace);
  } catch (error) {
    if (!isGone(error)) throw error;
    await releaseOrder(issuance, row.id, { status: 'invalid', keptUntil: null, error: errorRecord(error) });
    await removeOrderFiles(issuance.stateDir, String(row.id));
    return null;
  }
}

async function sendNewOrder(
  issuance: Issuance,
  row: OrderRow,
  identifiers: readonly Identifier[],
): Promise<PlacedOrder> {
  try {
    return await requestOrder(issuance, row, identifiers);
  } catch (error) {
    if (isOutcomeUnknown(error)) return adoptAfterLoss(issuance, row, identifiers, error);
    await releaseOrder(issuance, row.id, { status: 'invalid', error: errorRecord(error) });
    throw error;
  }
}

/** RFC 8555 §7.4. */
async function requestOrder(
  issuance: Issuance,
  row: OrderRow,
  identifiers: readonly Identifier[],
): Promise<PlacedOrder> {
  const plain = { identifiers: [...identifiers], ...(row.profile === '' ? {} : { profile: row.profile }) };
  const answer = await (row.replaces === null
    ? issuance.session.newOrder(plain, issuance.stops.grace)
    : requestReplacing(issuance, plain, row.replaces));
  return { row: await recordOrderAnswer(issuance, row, answer), answer };
}

/**
 * RFC 9773 §5: `replaces` is advice for the CA. One that it refuses, as when an order replaces the certificate already (409), is left
 * out: Boulder then hands back the order whose answer was lost.
 */
async function requestReplacing(
  issuance: Issuance,
  plain: NewOrder,
  replaces: string,
): Promise<Answer<Order>> {
  try {
    return await issuance.session.newOrder({ ...plain, replaces }, issuance.stops.grace);
  } catch (error) {
    if (!isAboutReplaces(error)) throw error;
    issuance.log.info({ error: errorRecord(error) }, 'the CA refused "replaces"; asking without it');
    return issuance.session.newOrder(plain, issuance.stops.grace);
  }
}

/** Boulder said `conflict` before 2025; other CAs' words for a certificate that they don't know differ. */
function isAboutReplaces(error: unknown): boolean {
  if (!(error instanceof AcmeLedgerError) || error.code !== 'ca-problem') return false;
  const { problem } = error;
  const isRefusal = (error.httpStatus ?? 500) < 500;
  return (
    isRefusal && (isProblem(error, 'alreadyReplaced', 'conflict') || /replac/i.test(problem?.detail ?? ''))
  );
}

/** The answer was lost in this very run: the CA may have the order all the same. */
async function adoptAfterLoss(
  issuance: Issuance,
  row: OrderRow,
  identifiers: readonly Identifier[],
  loss: unknown,
): Promise<PlacedOrder> {
  issuance.log.warn({ order: row.id }, 'the answer to newOrder was lost; looking for the order at the CA');
  let placed: PlacedOrder | null = null;
  try {
    placed = await findLost(issuance, row, identifiers);
  } catch (error) {
    issuance.log.warn(
      { order: row.id, error: errorRecord(error) },
      'the CA could not be asked for the lost order',
    );
  }
  if (placed !== null) return placed;
  throw loss;
}

/**
 * Finds the order of an intent whose answer never came (docs/decisions.md): in the account's list of orders (RFC 8555 §7.1.2.1) where
 * the CA has one; else by asking for the same again where the CA is known to hand the same order back, as Boulder does.
 * @returns null when there is none (the intent is released), or nothing can be known (it goes on being counted)
 */
export async function findLost(
  issuance: Issuance,
  row: OrderRow,
  identifiers: readonly Identifier[],
): Promise<PlacedOrder | null> {
  const listed = await listedOrder(issuance, identifiers);
  if (listed !== 'no-list') {
    if (listed !== null) return { row: await recordOrderAnswer(issuance, row, listed), answer: listed };
    await releaseOrder(issuance, row.id, { status: 'abandoned' });
    return null;
  }
  if (issuance.policy === 'resume') return repeatNewOrder(issuance, row, identifiers);
  await releaseOrder(issuance, row.id, { status: 'abandoned', keepReserved: true });
  return null;
}

async function repeatNewOrder(
  issuance: Issuance,
  row: OrderRow,
  identifiers: readonly Identifier[],
): Promise<PlacedOrder | null> {
  try {
    return await requestOrder(issuance, row, identifiers);
  } catch (error) {
    // Not an answer, or not yet one: the intent goes on being counted.
    if (isOutcomeUnknown(error) || isLimit(error)) throw error;
    // Refused: what the first one opened, if it did, is out of reach.
    await releaseOrder(issuance, row.id, {
      status: 'abandoned',
      keepReserved: true,
      error: errorRecord(error),
    });
    return null;
  }
}

function isLimit(error: unknown): boolean {
  return error instanceof AcmeLedgerError && error.code === 'ca-limit';
}

/** An order of the account for exactly these names that the ledger doesn't know. */
async function listedOrder(
  issuance: Issuance,
  identifiers: readonly Identifier[],
): Promise<Answer<Order> | null | 'no-list'> {
  const urls = await issuance.session.listOrders(issuance.stops.grace);
  if (urls === null) return 'no-list';
  const wanted = identifierSetKey(identifiers);
  let seen = 0;
  for await (const url of urls) {
    seen += 1;
    if (seen > listedOrdersMax) break;
    if ((await orderByUrl(issuance.ledger, url)) !== undefined) continue;
    const order = await issuance.session.getOrder(url, issuance.stops.grace);
    // Nobody can have finalized a lost one: what is further than `ready` was made by somebody else.
    const isOpen = order.status === 'pending' || order.status === 'ready';
    if (isOpen && identifierSetKey(order.identifiers) === wanted) return order;
  }
  return null;
}
