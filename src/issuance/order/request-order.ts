import { type UnusableOrder, unusableOrder } from '../../acme/objects/order.ts';
import { isProblem } from '../../acme/objects/problems.ts';
import type { Answer, NewOrder, Order } from '../../acme/objects/resources.ts';
import { AcmeLedgerError, errorRecord, hasCode } from '../../errors.ts';
import type { Identifier } from '../../identifiers.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import { recordAuthorizationsOf } from '../../ledger/orders/unplaced-orders.ts';
import { recordFittingAnswer } from './answer-fit.ts';
import { isTakenOver, newOrderGuard } from '../ownership/guards.ts';
import { settleTakenOver } from './hand-over.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { listedOrder } from './listed-order.ts';
import { withProfileHint } from './profile-hint.ts';
import { settleUnrecorded } from './settle-unwritten.ts';
import { spendAgain } from '../limits/spending.ts';

interface RequestOptions {
  isCounted: boolean;
  isRepeated?: boolean;
}

/**
 * Asks the CA for the order of an intent (RFC 8555 §7.4) and records its answer.
 * @param options.isCounted whether a new order was counted for the intent
 * @param options.isRepeated the order was asked for before, and nobody knows the outcome
 * @throws AcmeLedgerError, also with the authorizations left open by an order that can't be recorded
 */
export async function requestOrder(
  run: AccountRun,
  row: OrderRow,
  identifiers: readonly Identifier[],
  options: RequestOptions,
): Promise<PlacedOrder> {
  const plain = { identifiers: [...identifiers], ...(row.profile === '' ? {} : { profile: row.profile }) };
  try {
    const answer = await (row.replaces === null
      ? run.session.newOrder(plain, newOrderGuard(run, row.id))
      : requestReplacing(run, row, plain, options));
    return await recordAnswer(run, row, answer);
  } catch (error) {
    const made = unusableOrder(error);
    if (made === null) throw withProfileHint(run, { identifiers, profile: row.profile }, error);
    return takeUnusable(run, row, made, error);
  }
}

async function recordAnswer(run: AccountRun, row: OrderRow, answer: Answer<Order>): Promise<PlacedOrder> {
  try {
    return { row: await recordFittingAnswer(run, row, answer), answer };
  } catch (error) {
    throw isTakenOver(error)
      ? await settleTakenOver(run, row, answer, error)
      : await settleUnrecorded(run, answer, error);
  }
}

/**
 * Takes an order that the CA has made, with an answer that can't be worked with. The URLs in the answer are
 * recorded first, so that no authorization leaks. Then the order is looked at once more: the answer may be
 * odd, and the order not.
 * @throws AcmeLedgerError the error of the first answer, when the second is no better
 */
async function takeUnusable(
  run: AccountRun,
  row: OrderRow,
  { url, authorizationUrls }: UnusableOrder,
  error: unknown,
): Promise<PlacedOrder> {
  if (url === null) {
    await recordAuthorizationsOf(run, row.id, authorizationUrls).catch(async (refusal: unknown) => {
      if (!isTakenOver(refusal)) throw refusal;
      throw await settleTakenOver(run, row, { ...nothingKnown, url, authorizationUrls }, refusal);
    });
    throw error;
  }
  let current = row;
  if (authorizationUrls.length > 0) {
    const known: Answer<Order> = { ...nothingKnown, identifiers: [], url, authorizationUrls };
    current = (await recordAnswer(run, row, known)).row;
  }
  const again = await run.session.getOrder(url, run.stops.grace).catch(() => null);
  if (again === null) throw error;
  return recordAnswer(run, current, again);
}

const nothingKnown = {
  status: 'pending',
  expiresAt: null,
  profile: null,
  replaces: null,
  finalizeUrl: null,
  certificateUrl: null,
  error: null,
  retryAt: null,
} as const;

/**
 * Asks for an order with `replaces`, which is advice for the CA (RFC 9773 §5). When the CA refuses it, as
 * when an order replaces the certificate already (409), newOrder is sent without it: Boulder then hands back
 * the order whose answer was lost.
 */
async function requestReplacing(
  run: AccountRun,
  row: OrderRow,
  plain: NewOrder,
  { isCounted, isRepeated = false }: RequestOptions,
): Promise<Answer<Order>> {
  const replaces = row.replaces ?? '';
  try {
    return await run.session.newOrder({ ...plain, replaces }, newOrderGuard(run, row.id));
  } catch (error) {
    // A CA that breaks on a "replaces" would do so in every run.
    const isOver =
      isAboutReplaces(error) ||
      (isFault(error) && (isRepeated || (await hasMadeNone(run, row, plain.identifiers, error))));
    if (!isOver) throw error;
    run.log.info({ error: errorRecord(error) }, 'the CA refused "replaces"; asking without it');
    // The order was free as a replacement, and isn't one any more.
    if (!isCounted) await spendAgain(run, plain.identifiers);
    return run.session.newOrder(plain, newOrderGuard(run, row.id));
  }
}

/**
 * Whether a fault that the CA itself told of (RFC 8555 §6.7), and not a proxy, left no order: the request
 * isn't under way any more, and the account's list of orders, where there is one, has none for it.
 */
async function hasMadeNone(
  run: AccountRun,
  row: OrderRow,
  identifiers: readonly Identifier[],
  { problem, retryAt }: AcmeLedgerError,
): Promise<boolean> {
  if (problem === undefined || retryAt !== undefined) return false;
  // A list shared between orders may be older than this request.
  if (run.listOrders !== undefined) return false;
  return (await listedOrder(run, row, identifiers).catch(() => 'unknown')) === null;
}

function isFault(error: unknown): error is AcmeLedgerError {
  return error instanceof AcmeLedgerError && error.code !== 'ca-limit' && (error.httpStatus ?? 0) >= 500;
}

/**
 * Whether the CA refused `replaces`: Boulder said `conflict` before 2025; other CAs' words for a certificate
 * that they don't know differ.
 */
function isAboutReplaces(error: unknown): boolean {
  if (!hasCode(error, 'ca-problem')) return false;
  const { problem } = error;
  const isRefusal = (error.httpStatus ?? 500) < 500;
  return (
    isRefusal && (isProblem(error, 'alreadyReplaced', 'conflict') || /replac/i.test(problem?.detail ?? ''))
  );
}
