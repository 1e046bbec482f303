import type { Answer, Order } from '../../acme/objects/resources.ts';
import type { WayOf } from '../../challenges/settings.ts';
import { later } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { authorizationsOf, recordSeen } from '../../ledger/authorizations/authorizations.ts';
import { recordProven } from '../../ledger/names/failing-names.ts';
import { recordOrderAnswer } from '../../ledger/orders/orders.ts';
import { assertAuthorizationsFit } from './answer-fit.ts';
import { authorizationError } from '../authorization/authorization-seen.ts';
import { named, sortOut } from './challenge-tasks.ts';
import type { AuthorizationRow, OrderRow } from '../../ledger/schema.ts';
import { type LedgerWriter, inTransaction } from '../../ledger/writer.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { learnedWaits } from '../waiting/learned-wait.ts';
import { failAfterVerdicts, nameOf, validationTimeoutMs } from './name-failures.ts';
import { notYet } from '../waiting/not-yet.ts';
import { poll } from '../waiting/polling.ts';
import { endStuckValidations, takeBackForgotten } from '../authorization/stuck-validation.ts';
import { closeUnanswered } from '../authorization/unanswered.ts';
import { type Met, submitInTurns } from '../answers/in-turns.ts';
import { learnFromMissed, learnFromProven } from '../answers/learned-delay.ts';
import { decideSubmitted, lookAt, refresh, validationMs } from '../authorization/verdicts.ts';

/** A lost submit is sent again once in the same attempt. */
const rounds = 2;

/**
 * Makes every authorization of the order valid, all of them at once: present, wait until visible, submit,
 * then poll the order. A name that fails doesn't stop the others from becoming valid.
 * @returns the order, `ready` or further
 * @throws AcmeLedgerError `solver`, `authorization-invalid`, `order-failed`; the reason of `stops.work` when
 *   interrupted
 */
export async function authorize(
  run: AccountRun,
  placed: PlacedOrder,
  wayOf: WayOf,
  { onWaiting = () => undefined, alsoRecord }: AuthorizeOptions = {},
): Promise<PlacedOrder> {
  const met: Met = { conflicts: new Set(), serverSets: new Map() };
  for (let round = 1; ; round += 1) {
    const answer = await authorizeOnce(run, placed, wayOf, { onWaiting, met });
    if (answer.status === 'pending') await endStuckValidations(run, placed, met.conflicts);
    // A submit whose answer was lost may itself be lost: when no verdict comes, it is sent again.
    const isLost = answer.status === 'pending' && (await hasUnknownSubmit(run, placed));
    if (!isLost || round === rounds)
      return conclude(run, placed, answer, { serverSets: met.serverSets, alsoRecord });
  }
}

export interface AuthorizeOptions {
  /** Called when only waiting for the CA is left to do. */
  onWaiting?: () => void;
  alsoRecord?: AlsoRecord | undefined;
}

/**
 * Writes the next step in the transaction that records the CA's order: one wait for the disk instead of two.
 */
type AlsoRecord = (writer: LedgerWriter, answer: Answer<Order>) => Promise<void>;

async function hasUnknownSubmit(run: AccountRun, placed: PlacedOrder): Promise<boolean> {
  const rows = await authorizationsOf(run.ledger, placed.row.id);
  return rows.some((row) => row.status === 'pending' && row.challenge === 'submitting');
}

/**
 * @param met filled with what is met
 * @returns the order as the CA shows it when it has moved on, or there is nothing more to wait for
 */
async function authorizeOnce(
  run: AccountRun,
  placed: PlacedOrder,
  wayOf: WayOf,
  { onWaiting, met }: { onWaiting: () => void; met: Met },
): Promise<Answer<Order>> {
  if (placed.answer.status !== 'pending') return placed.answer;
  // Submits of an earlier attempt come first: a verdict is waited for, and a lost submit is sent again.
  const rows = await decideSubmitted(run, placed.row.id, inFuture(run), run.stops.work);
  run.stops.work.throwIfAborted();
  // Authorizations that are known to be valid aren't asked for: of ten names with nine proven, one is.
  const { answers, seen } = await lookAt(
    run,
    rows.filter(({ status }) => status !== 'valid'),
  );
  await assertAuthorizationsFit(run, placed.row, answers);
  const submittable = await takeBackForgotten(run, placed.row.id, rows, answers);
  const { tasks, failures, unanswered } = sortOut(submittable, answers, { names: placed.row.names, wayOf });
  const submission = await submitInTurns(run, placed, { seen, tasks }, met);
  failures.push(...submission.failures);
  await closeUnanswered(run, placed.row, unanswered);
  if (failures.length > 0) return failAfterVerdicts(run, placed, failures);
  onWaiting();
  return awaitReady(run, placed, submission.sentAt);
}

function inFuture(run: AccountRun): Date {
  return later(run.clock.now(), validationTimeoutMs);
}

/**
 * Waits for the order: one request however many names. Authorizations are asked for only when it has failed.
 */
async function awaitReady(run: AccountRun, placed: PlacedOrder, since: Date): Promise<Answer<Order>> {
  const waitMs = (await hasUnknownSubmit(run, placed)) ? validationMs : validationTimeoutMs;
  return poll(
    () => run.session.getOrder(placed.answer.url, run.stops.work),
    (order) => order.status !== 'pending',
    {
      what: `waiting for the CA to validate ${placed.row.certificate_name}`,
      clock: run.clock,
      deadline: later(run.clock.now(), waitMs),
      signal: run.stops.work,
      last: placed.answer,
      since,
      learned: learnedWaits(run.session).validation,
    },
  );
}

async function conclude(
  run: AccountRun,
  placed: PlacedOrder,
  answer: Answer<Order>,
  { serverSets, alsoRecord }: { serverSets: Met['serverSets']; alsoRecord: AlsoRecord | undefined },
): Promise<PlacedOrder> {
  if (answer === placed.answer) return recordProvenOrder(run, placed, undefined, alsoRecord);
  if (answer.status === 'invalid' || answer.status === 'pending')
    return explainFailure(run, placed, answer, serverSets);
  await learnFromProven(run, serverSets.values());
  return recordProvenOrder(run, placed, answer, alsoRecord);
}

/**
 * Records the authorizations of a proven order as valid: an order is `ready`, or further, when all of them
 * are (RFC 8555 §7.1.6). Only authorizations that were never looked at are asked for, to learn their names.
 * @param news the CA's present answer for the order, yet to be recorded
 */
export async function recordProvenOrder(
  run: AccountRun,
  placed: PlacedOrder,
  news?: Answer<Order>,
  alsoRecord?: AlsoRecord,
): Promise<PlacedOrder> {
  const answer = news ?? placed.answer;
  if (answer.status === 'invalid') return placed;
  const listed = async ({ ledger }: AccountRun): Promise<AuthorizationRow[]> =>
    (await authorizationsOf(ledger, placed.row.id)).filter(({ url }) =>
      answer.authorizationUrls.includes(url),
    );
  let rows = await listed(run);
  const unseen = rows.filter((row) => row.checked_at === null);
  if (unseen.length > 0) {
    await refresh(run, unseen);
    rows = await listed(run);
  }
  return inTransaction(run, async (tx) => {
    const row = news === undefined ? placed.row : await recordOrderAnswer(tx, placed.row, news);
    const pending = rows.filter(({ status }) => status === 'pending');
    await recordSeen(
      tx,
      pending.map(({ url }) => ({ url, status: 'valid', identifier: null, expiresAt: null })),
    );
    await recordProven(tx, run.account.id, provenOf(placed.row, rows));
    await alsoRecord?.(tx, answer);
    return { row, answer };
  });
}

/** The proven names that the order asked for: the CA's word about others proves nothing. */
function provenOf(order: OrderRow, rows: readonly AuthorizationRow[]): { type: string; value: string }[] {
  const names = order.names;
  return rows.flatMap(nameOf).filter(({ value }) => names.includes(value) || names.includes(`*.${value}`));
}

async function explainFailure(
  run: AccountRun,
  placed: PlacedOrder,
  answer: Answer<Order>,
  serverSets: Met['serverSets'],
): Promise<never> {
  await recordOrderAnswer(run, placed.row, answer);
  const rows = await authorizationsOf(run.ledger, placed.row.id);
  const undecided = rows.filter((row) => row.status === 'pending');
  const authorizations = await refresh(run, undecided);
  const byUrl = new Map(rows.map((row) => [row.url, row]));
  const failures = authorizations.flatMap((authorization) => {
    const error = authorizationError(authorization);
    const row = byUrl.get(authorization.url);
    return error === null || row === undefined ? [] : [{ row: named(row, authorization), error }];
  });
  if (failures.length > 0) {
    const valid = [...rows, ...authorizations].filter(({ status }) => status === 'valid');
    await learnFromProven(
      run,
      valid.flatMap(({ url }) => serverSets.get(byUrl.get(url)?.id ?? 0) ?? []),
    );
    await learnFromMissed(run, failures, serverSets);
    return failAfterVerdicts(run, placed, failures);
  }
  const { status, retryAt } = answer;
  if (status === 'pending' && retryAt !== null)
    throw notYet(run, 'validating the names', { orderId: placed.row.id, retryAt });
  throw new AcmeLedgerError(
    'order-failed',
    answer.status === 'invalid'
      ? `the CA found the order invalid: ${answer.error?.detail ?? 'it gave no reason'}`
      : "the CA didn't decide in time",
    {
      hint: `acme-ledger order show ${String(placed.row.id)}`,
      ...(answer.error === null ? {} : { problem: answer.error }),
    },
  );
}
