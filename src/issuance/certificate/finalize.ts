import { isOutcomeUnknown } from '../../acme/http/connection-failure.ts';
import { unreadable } from '../../acme/objects/fields.ts';
import { unusableOrder } from '../../acme/objects/order.ts';
import { isProblem } from '../../acme/objects/problems.ts';
import type { Answer, Chain, Order } from '../../acme/objects/resources.ts';
import { csrDigest, type OrderFiles } from '../../certificates/order-files.ts';
import { later } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { recordFinalizeSent, recordOrderAnswer } from '../../ledger/orders/orders.ts';
import { orderGuard } from '../ownership/guards.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import type { Places } from '../waiting/concurrency-level.ts';
import { learnedWaits } from '../waiting/learned-wait.ts';
import { notYet } from '../waiting/not-yet.ts';
import { poll } from '../waiting/polling.ts';

/**
 * How long the CA may take to issue: signing and logging takes seconds at public CAs; Boulder gives up on its
 * logs after 15.
 */
export const issuanceTimeoutMs = 180_000;
/**
 * How long a wait must be for other work to be done meanwhile, where the CA wants to be asked later: Boulder
 * says three seconds.
 */
const longWaitMs = 500;
/**
 * How often finalize is sent in an attempt: an order that the CA found not ready, and then shows as ready,
 * gets a second.
 */
const finalizeTries = 2;
const finalizeAgainMs = 2_000;

export interface FinalizeOptions {
  /** Whether the ledger holds already that finalize is being sent. */
  isRecorded?: boolean;
  /** Downloads the certificate's chains, while its URL is being recorded. */
  download?: (certificateUrl: string) => Promise<Chain[]>;
  /** Lends this certificate's place to another while the CA takes its time, where a run works on several. */
  whileWaiting?: Places['lend'] | undefined;
}

/** A `valid` order, and its certificate's chains where they were asked for. */
export interface IssuedOrder extends PlacedOrder {
  chains: Promise<Chain[]> | undefined;
}

/**
 * Turns a `ready` order into a `valid` one (RFC 8555 §7.4): finalize with the CSR that is on disk, then poll.
 * An order that is `processing` or `valid` already is only waited for: Boulder can turn an issued order
 * `invalid` at a second finalize.
 * @throws AcmeLedgerError `order-failed`, or the CA's error
 */
export async function finalizeOrder(
  run: AccountRun,
  placed: PlacedOrder,
  files: OrderFiles,
  { isRecorded = false, download, whileWaiting }: FinalizeOptions = {},
): Promise<IssuedOrder> {
  let { answer } = placed;
  let sentAt = run.clock.now();
  let lost: AcmeLedgerError | null = null;
  for (let sent = 0; answer.status === 'ready'; sent += 1) {
    // The first finalize was lost on its way. A second is never sent soon after it: two within 8 ms cost the
    // certificate at Boulder.
    if (sent > 0) {
      const met = { about: answer.url, faults: sent };
      const isAgain = await run.outage.mayRepeat('act', lost, met, run.stops.work);
      if (!isAgain && sent >= finalizeTries) {
        if (lost !== null) throw lost;
        break;
      }
      if (!isAgain) await run.clock.sleep(finalizeAgainMs, run.stops.work);
      answer = await run.session.getOrder(answer.url, run.stops.grace);
      if (answer.status !== 'ready') break;
    }
    sentAt = run.clock.now();
    if (sent > 0 || !isRecorded) await recordFinalizeSent(run, placed.row.id, csrDigest(files));
    ({ answer, lost } = await sendFinalize(run, placed, files.csrDer));
  }
  const { certificate_url: known } = placed.row;
  if (answer.status !== 'valid' || (answer.certificateUrl ?? known) === null)
    answer = await awaitIssued(run, answer, { since: sentAt, whileWaiting });
  const { certificateUrl } = answer;
  const chains =
    answer.status === 'valid' && certificateUrl !== null ? download?.(certificateUrl) : undefined;
  chains?.catch(() => undefined); // a failed download counts once the certificate is collected
  const row = await recordOrderAnswer(run, placed.row, answer).catch(async (error: unknown) => {
    await chains?.catch(() => undefined); // no request is left behind
    throw error;
  });
  if (answer.status === 'valid' && row.certificate_url !== null) return { row, answer, chains };
  if (answer.status === 'processing') {
    const { retryAt } = answer;
    throw notYet(run, 'issuing the certificate', { orderId: row.id, retryAt });
  }
  throw new AcmeLedgerError('order-failed', failureText(answer), {
    hint: `acme-ledger order show ${String(row.id)}`,
    ...(answer.error === null ? {} : { problem: answer.error }),
  });
}

/** Sends finalize. @returns the order after it, and the error by which the request was lost */
async function sendFinalize(
  run: AccountRun,
  placed: PlacedOrder,
  csrDer: Buffer,
): Promise<{ answer: Answer<Order>; lost: AcmeLedgerError | null }> {
  const { url } = placed.answer;
  const finalizeUrl = placed.answer.finalizeUrl ?? placed.row.finalize_url;
  if (finalizeUrl === null) throw unreadable('order', 'is ready and has no usable finalize URL');
  try {
    const guard = orderGuard(run, placed.row.id);
    return { answer: await run.session.finalize(finalizeUrl, url, csrDer, guard), lost: null };
  } catch (error) {
    // The request was lost, or refused because an earlier finalize was not lost after all: the order itself
    // tells (RFC 8555 §7.4).
    const isAnswered = isProblem(error, 'orderNotReady') || unusableOrder(error) !== null;
    if (!isOutcomeUnknown(error) && !isAnswered) throw error;
    const answer = await run.session.getOrder(url, run.stops.grace);
    return { answer, lost: error instanceof AcmeLedgerError && !isAnswered ? error : null };
  }
}

/**
 * Waits for the certificate's URL, which a `valid` order has (RFC 8555 §7.4); some CAs add it a moment later.
 */
async function awaitIssued(
  run: AccountRun,
  answer: Answer<Order>,
  { since, whileWaiting }: { since: Date } & Pick<FinalizeOptions, 'whileWaiting'>,
): Promise<Answer<Order>> {
  if (answer.status === 'invalid') return answer;
  const wait = (): Promise<Answer<Order>> =>
    poll(
      () => run.session.getOrder(answer.url, run.stops.grace),
      (order) => order.status === 'invalid' || (order.status === 'valid' && order.certificateUrl !== null),
      {
        what: 'waiting for the CA to issue the certificate',
        clock: run.clock,
        deadline: later(run.clock.now(), issuanceTimeoutMs),
        signal: run.stops.work,
        last: answer,
        since,
        learned: learnedWaits(run.session).issuance,
      },
    );
  const isLong = answer.retryAt !== null && answer.retryAt > later(run.clock.now(), longWaitMs);
  return whileWaiting === undefined || !isLong ? wait() : whileWaiting(wait);
}

function failureText(answer: Order): string {
  switch (answer.status) {
    case 'invalid':
      return `the CA found the order invalid at finalization: ${answer.error?.detail ?? 'it gave no reason'}`;
    case 'valid':
      return 'the CA calls the order valid but names no certificate; the order is kept, the next run looks again';
    case 'pending':
    case 'ready':
    case 'processing':
      return `the CA didn't issue the certificate within ${String(issuanceTimeoutMs / 1000)} s; the order is kept, the next run goes on with it`;
  }
}
