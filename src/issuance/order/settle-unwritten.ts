import { isGone } from '../../acme/objects/problems.ts';
import type { Answer, Authorization, Order } from '../../acme/objects/resources.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import {
  authorizationByUrl,
  authorizationsOf,
  recordSeen,
} from '../../ledger/authorizations/authorizations.ts';
import { isLedgerFailure, isLedgerLost } from '../../ledger/ledger-failure.ts';
import { orderById } from '../../ledger/orders/orders.ts';
import { recordCleanedUp } from '../../ledger/orders/presentations.ts';
import { readAgain } from '../../ledger/read-again.ts';
import type { AuthorizationRow, OrderRow, PresentationRow } from '../../ledger/schema.ts';
import { authorizationSeen } from '../authorization/authorization-seen.ts';
import { deactivateUnlessHeld } from '../authorization/deactivation.ts';
import type { AccountRun } from '../account-run.ts';
import type { UnsubmittedPolicy } from '../../policies.ts';
import { poll } from '../waiting/polling.ts';
import { presentedFor, takeDown } from '../answers/take-down.ts';
import { type Protection, protectionOf } from '../ownership/protection.ts';
import { isSubmitLost, isUndecided } from '../authorization/verdicts.ts';
import { shellWord, shellWords } from '../../shell-word.ts';

/**
 * Ends an attempt whose ledger can't be written any more (docs/decisions.md#a-ledger-that-cant-be-written).
 * Nothing is begun. Requests that end an authorization at the CA are sent all the same, because after a loss
 * of the ledger nobody else would know of it. Records that can still be written are written.
 * @returns the failure; when the ledger is lost, with the authorizations that are left open at the CA
 */
export async function settleUnwritten(
  run: AccountRun,
  orderId: number,
  failure: AcmeLedgerError,
  options: { policy: UnsubmittedPolicy; verdictsUntil: Date },
): Promise<AcmeLedgerError> {
  try {
    const { ledger, clock } = run;
    const order = await readAgain(clock, () => orderById(ledger, orderId));
    if (order?.run_id !== run.runId) return failure;
    const known = await readAgain(clock, () => authorizationsOf(ledger, orderId));
    const rows = known.filter(({ status }) => status === 'pending');
    const presented = await readAgain(clock, () => presentedFor(run, orderId));
    const isClosed = await Promise.all(rows.map((row) => endOne(run, order, row, options)));
    await takeAllDown(run, presented);
    // An order without a URL was never answered, or the failure tells of it already.
    if (!isLedgerLost(failure) || order.url === null) return failure;
    const left = rows.filter((_, index) => isClosed[index] !== true).map(({ url }) => url);
    return naming(run, failure, left, order.url);
  } catch (error) {
    warn(run, error, 'the ledger can no more be read, so that what the order opened is unknown');
    return failure;
  }
}

/**
 * Settles an order that the CA has made and whose answer can't be written down: only this run knows its
 * authorizations.
 * @returns the error to throw for `error`
 */
export async function settleUnrecorded(
  run: AccountRun,
  answer: Answer<Order>,
  error: unknown,
): Promise<unknown> {
  if (!isLedgerFailure(error)) return error;
  // The intent is still there: the next attempt is handed the same order (src/issuance/order/place-order.ts).
  if (run.policy === 'resume' && !isLedgerLost(error)) return error;
  const isClosed = await Promise.all(
    answer.authorizationUrls.map(async (url) => {
      // An authorization that the CA uses again belongs to the order that opened it.
      const read = readAgain(run.clock, () => authorizationByUrl(run.ledger, url));
      const known = await read.catch(() => undefined);
      return known !== undefined || (await closed(run, url, () => look(run, url), run.policy));
    }),
  );
  const left = answer.authorizationUrls.filter((_, index) => isClosed[index] !== true);
  return left.length === 0 && !isLedgerLost(error) ? error : naming(run, error, left, answer.url);
}

/** Ends one authorization, if nobody else needs it. @returns whether none of it is left for anybody to do */
async function endOne(
  run: AccountRun,
  order: OrderRow,
  row: AuthorizationRow,
  { policy, verdictsUntil }: { policy: UnsubmittedPolicy; verdictsUntil: Date },
): Promise<boolean> {
  if (!isUndecided(row)) {
    const protection = { includeKept: false, exceptOrderId: order.id };
    const holder = (): Promise<Protection | null> =>
      readAgain(run.clock, () => protectionOf(run, row, protection));
    if ((await holder()) !== null) return true;
    return closed(run, row.url, () => look(run, row.url), policy, holder);
  }
  const verdict = (): Promise<Answer<Authorization>> =>
    poll(
      () => look(run, row.url),
      ({ status }) => status !== 'pending',
      { clock: run.clock, deadline: verdictsUntil, signal: run.stops.grace },
    );
  // The CA may still be validating a submitted authorization, which is never deactivated then (promise 4).
  const mayClose = (): boolean =>
    isSubmitLost({ ...row, checked_at: run.clock.now() }) && policy === 'deactivate';
  return closed(run, row.url, verdict, () => (mayClose() ? 'deactivate' : 'resume'));
}

function look(run: AccountRun, url: string): Promise<Answer<Authorization>> {
  return run.session.getAuthorization(url, run.stops.grace);
}

/** Deactivates a pending authorization, if the policy says so. @returns whether it is open no more */
async function closed(
  run: AccountRun,
  url: string,
  ask: () => Promise<Answer<Authorization>>,
  policy: UnsubmittedPolicy | (() => UnsubmittedPolicy),
  holder: () => Promise<Protection | null> = () => Promise.resolve(null),
): Promise<boolean> {
  try {
    let answer = await ask();
    const wanted = typeof policy === 'string' ? policy : policy();
    if (answer.status === 'pending' && wanted === 'deactivate') {
      const ended = await deactivateUnlessHeld(run, url, { shownAt: run.clock.now(), holder });
      if ('heldBy' in ended) return true;
      answer = ended;
    }
    const seen = authorizationSeen(answer);
    await ifPossible(() => recordSeen(run, [seen]));
    return answer.status !== 'pending';
  } catch (error) {
    if (isGone(error)) return true;
    warn(run, error, `the authorization ${url} could not be settled`);
    return false;
  }
}

async function takeAllDown(run: AccountRun, presented: readonly PresentationRow[]): Promise<void> {
  const results = await Promise.allSettled(presented.map((row) => takeDown(run, row)));
  const isDown = results.map(({ status }) => status === 'fulfilled');
  for (const result of results) {
    if (result.status === 'rejected') warn(run, result.reason, 'what was presented could not be taken down');
  }
  await ifPossible(() =>
    recordCleanedUp(
      run,
      presented.filter((_, index) => isDown[index]),
    ),
  );
}

/** A full disk may have room for a small record; of a lost ledger nothing more is written. */
async function ifPossible(record: () => Promise<void>): Promise<void> {
  try {
    await record();
  } catch (error) {
    if (!isLedgerFailure(error)) throw error;
  }
}

/** The failure with the URLs of the authorizations that are left, because nobody else knows them. */
function naming(
  run: AccountRun,
  failure: AcmeLedgerError,
  left: readonly string[],
  orderUrl: string | null,
): AcmeLedgerError {
  const of = orderUrl === null ? '' : ` of the order ${orderUrl}`;
  const command = `acme-ledger authz clear --ca ${shellWord(run.account.ca)} ${shellWords(left)}`;
  return new AcmeLedgerError(
    left.length === 0 ? failure.code : 'ledger-failed',
    left.length === 0
      ? `${failure.message}; nothing${of} is left open at the CA`
      : `${failure.message}; ${String(left.length)} authorization${left.length === 1 ? '' : 's'}${of} may be open at the CA`,
    {
      hint: [failure.hint ?? '', ...(left.length === 0 ? [] : [`to close them: ${command}`])].join('; '),
      cause: failure.cause,
    },
  );
}

function warn(run: AccountRun, error: unknown, message: string): void {
  run.log.warn({ error: errorRecord(error) }, message);
}
