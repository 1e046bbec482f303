import { isOutcomeUnknown } from '../acme/connection-failure.ts';
import type { Answer, Authorization, Challenge, Order } from '../acme/resources.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import { later } from '../clock.ts';
import {
  authorizationsOf,
  recordNotSubmitted,
  recordSeen,
  recordSubmitted,
  recordSubmitting,
} from '../ledger/authorizations.ts';
import { recordNameFailure, recordProven } from '../ledger/identifiers.ts';
import { recordOrderAnswer } from '../ledger/orders.ts';
import { insertPresentations } from '../ledger/presentations.ts';
import type { AuthorizationRow, PresentationRow } from '../ledger/schema.ts';
import { isSubmitted } from '../ledger/states.ts';
import { authorizationError } from './authorization-seen.ts';
import type { Issuance } from './issuance.ts';
import type { PlacedOrder } from './place-order.ts';
import { poll } from './polling.ts';
import { present } from './presenting.ts';
import { awaitVerdicts, refresh } from './verdicts.ts';

/** A CA that validates from five places may take a minute; three leave room for a slow one. */
const validationTimeoutMs = 180_000;

/** One authorization of the order that still has to be proven. */
interface Task {
  row: AuthorizationRow;
  authorization: Authorization;
  challenge: Challenge & { token: string };
}

type Failure = { row: AuthorizationRow; error: AcmeLedgerError };

/**
 * Makes every authorization of the order valid, all of them at once: present, wait until visible, submit, then poll the order
 * (design §4). A name that fails doesn't stop the others from becoming valid.
 * @returns the order, `ready` or further
 * @throws AcmeLedgerError `solver`, `authorization-invalid`, `order-failed`; the reason of `stops.work` when interrupted
 */
export async function authorize(
  issuance: Issuance,
  placed: PlacedOrder,
  settings: SolverSettings,
): Promise<PlacedOrder> {
  if (placed.answer.status !== 'pending') return placed;
  const rows = await authorizationsOf(issuance.ledger, placed.row.id);
  issuance.stops.work.throwIfAborted();
  const authorizations = await refresh(issuance, rows);
  issuance.stops.work.throwIfAborted();
  const { tasks, failures } = sortOut(rows, authorizations, settings);
  failures.push(...(await presentAndSubmit(issuance, placed, tasks, settings)));
  for (const failure of failures) await recordFailure(issuance, failure);
  if (failures.length > 0) return failAfterVerdicts(issuance, placed, failures);
  return awaitReady(issuance, placed);
}

function sortOut(
  rows: readonly AuthorizationRow[],
  authorizations: readonly Authorization[],
  settings: SolverSettings,
): { tasks: Task[]; failures: Failure[] } {
  const byUrl = new Map(rows.map((row) => [row.url, row]));
  const tasks: Task[] = [];
  const failures: Failure[] = [];
  for (const authorization of authorizations) {
    const row = byUrl.get(authorization.url);
    if (row === undefined) continue;
    const error = authorizationError(authorization);
    if (error !== null) failures.push({ row: named(row, authorization), error });
    if (authorization.status !== 'pending' || isSubmitted(row.challenge)) continue;
    const challenge = authorization.challenges.find(({ type }) => type === settings.challenge);
    const token = challenge?.token ?? null;
    if (challenge === undefined || token === null) {
      failures.push({ row: named(row, authorization), error: notOffered(authorization, settings.challenge) });
    } else {
      tasks.push({ row: named(row, authorization), authorization, challenge: { ...challenge, token } });
    }
  }
  return { tasks, failures };
}

/** The row with the identifier that the CA just told: newOrder's answer has only URLs. */
function named(row: AuthorizationRow, { identifier, wildcard }: Authorization): AuthorizationRow {
  return { ...row, identifier_type: identifier.type, identifier: identifier.value, wildcard: wildcard ? 1 : 0 };
}

function notOffered({ identifier, wildcard, challenges }: Authorization, type: string): AcmeLedgerError {
  const name = wildcard ? `*.${identifier.value}` : identifier.value;
  const offered = challenges.map((challenge) => challenge.type).join(', ');
  return new AcmeLedgerError('solver', `${name}: the CA doesn't offer ${type}, only ${offered === '' ? 'nothing' : offered}`, {
    hint: 'choose another --challenge',
  });
}

async function presentAndSubmit(
  issuance: Issuance,
  placed: PlacedOrder,
  tasks: readonly Task[],
  settings: SolverSettings,
): Promise<Failure[]> {
  const presentations = await insertPresentations(
    issuance,
    tasks.map(({ row, authorization, challenge }) => ({
      authorizationId: row.id,
      orderId: placed.row.id,
      settings,
      challengeType: challenge.type,
      challengeUrl: challenge.url,
      identifier: authorization.identifier,
      token: challenge.token,
      keyAuthorization: issuance.session.keyAuthorization(challenge.token),
    })),
  );
  const { visible, failures } = await presentAll(issuance, tasks, presentations, settings);
  issuance.stops.work.throwIfAborted();
  return [...failures, ...(await submitAll(issuance, visible))];
}

async function presentAll(
  issuance: Issuance,
  tasks: readonly Task[],
  presentations: readonly PresentationRow[],
  settings: SolverSettings,
): Promise<{ visible: Task[]; failures: Failure[] }> {
  const solver = issuance.solverFor(settings);
  const byAuthorization = new Map(presentations.map((row) => [row.authorization_id, row]));
  const results = await Promise.allSettled(
    tasks.map(async (task) => {
      const row = byAuthorization.get(task.row.id);
      if (row !== undefined) await present(issuance, solver, row);
    }),
  );
  const visible: Task[] = [];
  const failures: Failure[] = [];
  tasks.forEach((task, index) => {
    const result = results[index];
    if (result?.status === 'rejected') failures.push({ row: task.row, error: asSolverError(result.reason) });
    else visible.push(task);
  });
  return { visible, failures };
}

function asSolverError(reason: unknown): AcmeLedgerError {
  if (reason instanceof AcmeLedgerError) return reason;
  throw reason;
}

/** All challenges are in the ledger as `submitting` before the first is sent (promise 1). */
async function submitAll(issuance: Issuance, tasks: readonly Task[]): Promise<Failure[]> {
  if (tasks.length === 0) return [];
  const sendable = await recordSubmitting(
    issuance,
    tasks.map(({ row, challenge }) => ({ authorizationId: row.id, type: challenge.type, url: challenge.url })),
  );
  const submitted: number[] = [];
  const failures: Failure[] = [];
  await Promise.all(
    tasks
      .filter(({ row }) => sendable.has(row.id))
      .map(async ({ row, challenge }) => {
        const error = await submit(issuance, row, challenge.url);
        if (error === null) submitted.push(row.id);
        else if (error !== 'unknown') failures.push({ row, error });
      }),
  );
  await recordSubmitted(issuance, submitted);
  return failures;
}

async function submit(
  issuance: Issuance,
  row: AuthorizationRow,
  url: string,
): Promise<AcmeLedgerError | null | 'unknown'> {
  try {
    await issuance.session.submitChallenge(url, issuance.stops.grace);
    return null;
  } catch (error) {
    // The CA may be validating: it is polled like a submitted one and never sent again (design §7).
    if (!(error instanceof AcmeLedgerError) || isOutcomeUnknown(error)) return 'unknown';
    // A client error may also mean that it was submitted before ("must be pending"): the verdict tells.
    if (error.code === 'ca-limit') await recordNotSubmitted(issuance, row.id, error.message);
    return error;
  }
}

async function recordFailure(issuance: Issuance, { row, error }: Failure): Promise<void> {
  if (row.identifier === null || row.identifier_type === null) return;
  await recordNameFailure(
    issuance,
    issuance.account.id,
    { type: row.identifier_type, value: row.wildcard === 1 ? `*.${row.identifier}` : row.identifier },
    errorRecord(error),
  );
}

/** The order can't become ready any more; the well names are still brought to their end, so that the next order finds them valid. */
async function failAfterVerdicts(
  issuance: Issuance,
  placed: PlacedOrder,
  failures: readonly Failure[],
): Promise<never> {
  const rows = await authorizationsOf(issuance.ledger, placed.row.id);
  const undecided = rows.filter((row) => row.status === 'pending' && isSubmitted(row.challenge));
  await awaitVerdicts(issuance, undecided, later(issuance.clock.now(), validationTimeoutMs));
  const after = await authorizationsOf(issuance.ledger, placed.row.id);
  await recordProven(issuance, issuance.account.id, after.filter((row) => row.status === 'valid').flatMap(nameOf));
  throw failureOf(failures);
}

function failureOf(failures: readonly Failure[]): AcmeLedgerError {
  const [first] = failures;
  if (first === undefined) throw new Error('no failure to tell of');
  if (failures.length === 1) return first.error;
  const { code, message, hint, problem, retryAt } = first.error;
  return new AcmeLedgerError(code, `${message} (and ${String(failures.length - 1)} more names failed)`, {
    ...(hint === undefined ? {} : { hint }),
    ...(problem === undefined ? {} : { problem }),
    ...(retryAt === undefined ? {} : { retryAt }),
    cause: first.error,
  });
}

/** One request however many names; single authorizations are looked at only when the order has failed. */
async function awaitReady(issuance: Issuance, placed: PlacedOrder): Promise<PlacedOrder> {
  const answer = await poll(
    () => issuance.session.getOrder(placed.answer.url, issuance.stops.work),
    (order) => order.status !== 'pending',
    {
      clock: issuance.clock,
      deadline: later(issuance.clock.now(), validationTimeoutMs),
      signal: issuance.stops.work,
    },
  );
  if (answer.status === 'invalid' || answer.status === 'pending') return explainFailure(issuance, placed, answer);
  await recordAllValid(issuance, placed, answer);
  return { row: await recordOrderAnswer(issuance, placed.row, answer), answer };
}

/** RFC 8555 §7.1.6: an order is ready when all its authorizations are valid. */
async function recordAllValid(issuance: Issuance, placed: PlacedOrder, answer: Order): Promise<void> {
  const rows = await authorizationsOf(issuance.ledger, placed.row.id);
  const ofOrder = rows.filter((row) => answer.authorizationUrls.includes(row.url));
  await recordSeen(
    issuance,
    ofOrder.map((row) => ({ url: row.url, status: 'valid', identifier: null, expiresAt: null })),
  );
  await recordProven(issuance, issuance.account.id, ofOrder.flatMap(nameOf));
}

async function explainFailure(issuance: Issuance, placed: PlacedOrder, answer: Answer<Order>): Promise<never> {
  await recordOrderAnswer(issuance, placed.row, answer);
  const rows = await authorizationsOf(issuance.ledger, placed.row.id);
  const undecided = rows.filter((row) => row.status === 'pending');
  const authorizations = await refresh(issuance, undecided);
  const byUrl = new Map(rows.map((row) => [row.url, row]));
  const failures = authorizations.flatMap((authorization) => {
    const error = authorizationError(authorization);
    const row = byUrl.get(authorization.url);
    return error === null || row === undefined ? [] : [{ row: named(row, authorization), error }];
  });
  for (const failure of failures) await recordFailure(issuance, failure);
  if (failures.length > 0) return failAfterVerdicts(issuance, placed, failures);
  throw new AcmeLedgerError(
    'order-failed',
    answer.status === 'invalid'
      ? `the CA found the order invalid: ${answer.error?.detail ?? 'it gave no reason'}`
      : `the CA didn't decide within ${String(validationTimeoutMs / 1000)} s`,
    {
      hint: `acme-ledger order show ${String(placed.row.id)}`,
      ...(answer.error === null ? {} : { problem: answer.error }),
    },
  );
}

function nameOf(row: AuthorizationRow): { type: string; value: string }[] {
  if (row.identifier === null || row.identifier_type === null) return [];
  return [{ type: row.identifier_type, value: row.wildcard === 1 ? `*.${row.identifier}` : row.identifier }];
}
