import { isOutcomeUnknown } from '../../acme/http/connection-failure.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import { type AuthorizationSeen, recordSeen } from '../../ledger/authorizations/authorizations.ts';
import { closingRunsOf } from '../../ledger/authorizations/closing-claims.ts';
import {
  recordNotSubmitted,
  recordSubmitted,
  recordSubmitting,
  recordSubmittingAgain,
} from '../../ledger/orders/submissions.ts';
import { ownPatienceMs } from '../waiting/obey-retry-after.ts';
import { insertPresentations, type NewPresentation } from '../../ledger/orders/presentations.ts';
import { inTransaction } from '../../ledger/writer.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import type { Failure, Task } from './challenge-tasks.ts';
import { awaitClosers } from '../authorization/closers.ts';
import { submitGuard } from '../ownership/guards.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { presentAll } from '../answers/put-up.ts';
import { waitUntilAllowedMs } from '../waiting/wait-until-allowed.ts';
import { refresh } from '../authorization/verdicts.ts';
import { warningLevel } from '../waiting/warning-level.ts';

/** How often a submit is tried: a CA that asks to come back soon, again and again, is left alone then. */
const submitTries = 3;

/**
 * Puts every answer up, waits until it can be seen, then submits the challenges together.
 * @returns the names that failed on the way, and when the last challenge was sent
 * @throws the reason of `stops.work`
 */
export async function presentAndSubmit(
  run: AccountRun,
  placed: PlacedOrder,
  { seen, tasks }: Presentable,
): Promise<Submission> {
  if (run.stops.work.aborted) await recordSeen(run, seen);
  run.stops.work.throwIfAborted();
  const presentations = await inTransaction(run, async (tx) => {
    await recordSeen(tx, seen);
    return insertPresentations(
      tx,
      placed.row.id,
      tasks.filter(isPutUp).map((task) => presentationOf(run, task)),
    );
  });
  const up = await presentAll(run, tasks, presentations);
  run.stops.work.throwIfAborted();
  const submission = await submitAll(run, placed, up.visible);
  return {
    ...submission,
    failures: [...up.failures, ...submission.failures],
    replaced: up.replaced,
    serverSets: up.serverSets,
  };
}

/** What stands in the DNS for good is no presentation: nothing has to take it down. */
function isPutUp({ challenge }: Task): boolean {
  return challenge.type !== 'dns-persist-01';
}

/** The authorizations to prove, and the CA's latest word on all of the order's, yet to be recorded. */
export interface Presentable {
  seen: readonly AuthorizationSeen[];
  tasks: readonly Task[];
}

export interface Submission {
  failures: Failure[];
  sentAt: Date;
  /** The authorizations that the CA says it is validating already (409). */
  conflicts: number[];
  /** Names whose answer another one of the order took the place of: nothing was submitted for them. */
  replaced: Failure[];
  /** The name servers that show the record of each authorization. */
  serverSets: ReadonlyMap<number, string>;
}

function presentationOf(
  { session }: AccountRun,
  { row, authorization, challenge, settings }: Task,
): NewPresentation {
  return {
    authorizationId: row.id,
    settings,
    challengeType: challenge.type,
    challengeUrl: challenge.url,
    identifier: authorization.identifier,
    token: challenge.token,
    keyAuthorization: session.keyAuthorization(challenge.token),
  };
}

/** All challenges are in the ledger as `submitting` before the first is sent (promise 1). */
async function submitAll(
  run: AccountRun,
  placed: PlacedOrder,
  tasks: readonly Task[],
): Promise<Omit<Submission, 'replaced' | 'serverSets'>> {
  let sentAt = run.clock.now();
  if (tasks.length === 0) return { failures: [], sentAt, conflicts: [] };
  const { outwaited } = await awaitClosers(run, placed.row.id);
  const sendable = await recordSubmitting(
    run,
    placed.row.id,
    tasks.map(({ row, challenge }) => ({
      authorizationId: row.id,
      type: challenge.type,
      url: challenge.url,
    })),
    outwaited,
  );
  const submitted: number[] = [];
  const conflicts: number[] = [];
  const failures = await beingClosed(
    run,
    tasks.filter(({ row }) => !sendable.has(row.id)),
  );
  await Promise.all(
    tasks
      .filter(({ row }) => sendable.has(row.id))
      .map(async ({ row, challenge }) => {
        sentAt = run.clock.now();
        const error = await submit(run, placed, row, challenge.url);
        if (error === null) submitted.push(row.id);
        else if (error === 'conflict') conflicts.push(row.id);
        else if (error !== 'unknown') failures.push({ row, error });
      }),
  );
  await recordSubmitted(run, submitted);
  run.log.info({ order: placed.row.id, names: submitted.length }, 'submitted; the CA validates');
  return { failures, sentAt, conflicts };
}

/**
 * Failures for the authorizations that a run has begun to close since the order got them, because it took
 * this run for dead.
 */
async function beingClosed({ ledger }: AccountRun, tasks: readonly Task[]): Promise<Failure[]> {
  const closers = await closingRunsOf(
    ledger,
    tasks.map(({ row }) => row.id),
  );
  const error = new AcmeLedgerError('busy', 'another run is closing an authorization of the order', {
    hint: 'run the command again',
  });
  return tasks.filter(({ row }) => closers.has(row.id)).map(({ row }) => ({ row, error }));
}

async function submit(
  run: AccountRun,
  placed: PlacedOrder,
  row: AuthorizationRow,
  url: string,
): Promise<AcmeLedgerError | null | 'unknown' | 'conflict'> {
  try {
    await sendWhenLet(run, placed, row, url);
    return null;
  } catch (error) {
    // The CA may be validating: the challenge is polled like a submitted one and never sent again
    // (docs/decisions.md#a-challenge-that-may-have-been-submitted). 409: the challenge was submitted before,
    // and its verdict is coming; Boulder answers so while it validates.
    const isConflict = error instanceof AcmeLedgerError && error.httpStatus === 409;
    const isUnknown = !(error instanceof AcmeLedgerError) || isOutcomeUnknown(error) || isConflict;
    if (!isUnknown && error.code === 'ca-outage') {
      // The CA needn't be asked about the authorization, and can't: nothing was sent.
      await recordNotSubmitted(run, row.id, { orderId: placed.row.id }, error.message);
      return error;
    }
    if (!isUnknown) {
      await recordRefusedSubmit(run, placed, row, error);
      return error;
    }
    // The submit gets its own time: of a hundred, the last may have been sent long after all were recorded.
    await recordSubmittingAgain(run, placed.row.id, row.id);
    return isConflict ? 'conflict' : 'unknown';
  }
}

/**
 * Sends the challenge until the CA takes it. While the CA asks to come back soon, the next POST is sent then,
 * with its own time in the ledger: how long a verdict may take is counted from there.
 */
async function sendWhenLet(
  run: AccountRun,
  placed: PlacedOrder,
  row: AuthorizationRow,
  url: string,
): Promise<void> {
  let faults = 0;
  for (let tries = 1; ;) {
    if ((await run.outage.pass('submit', run.stops.work)) || faults > 0)
      await recordSubmittingAgain(run, placed.row.id, row.id);
    try {
      await run.session.submitChallenge(url, submitGuard(run, placed.row.id, row.id));
      return;
    } catch (error) {
      // A request that certainly wasn't sent is sent once the CA is there again.
      faults += 1;
      if (!isOutcomeUnknown(error) && (await isRepeated(run, error, { about: url, faults }))) continue;
      const waitMs = waitUntilAllowedMs(run, error, ownPatienceMs);
      tries += 1;
      if (waitMs === null || tries > submitTries) throw error;
      // An interrupted submit stays refused, and not under way.
      await run.clock.sleep(waitMs, run.stops.work).catch(() => Promise.reject(error));
      await recordSubmittingAgain(run, placed.row.id, row.id);
    }
  }
}

function isRepeated(
  { outage, stops }: AccountRun,
  error: unknown,
  met: { about: string; faults: number },
): Promise<boolean> {
  return outage.mayRepeat('submit', error, met, stops.work).catch(() => Promise.reject(error));
}

/**
 * Records that the CA refused the submit, by the authorization's state that the CA shows now. Nothing is
 * thrown, or the submits sent beside it wouldn't be recorded: an authorization that can't be looked at stays
 * `submitting`.
 */
async function recordRefusedSubmit(
  run: AccountRun,
  placed: PlacedOrder,
  row: AuthorizationRow,
  error: AcmeLedgerError,
): Promise<void> {
  try {
    const [authorization] = await refresh(run, [row]);
    const submit = { orderId: placed.row.id };
    if (authorization?.status === 'pending') await recordNotSubmitted(run, row.id, submit, error.message);
  } catch (failure) {
    run.log[warningLevel(failure)](
      { authorization: row.url, error: errorRecord(failure) },
      'the CA refused the challenge and could not be asked what it makes of the authorization',
    );
  }
}
