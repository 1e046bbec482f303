import { parseSolverSettings } from '../../challenges/settings.ts';
import { errorRecord } from '../../errors.ts';
import { authorizationById, authorizationsOf } from '../../ledger/authorizations/authorizations.ts';
import type { AuthorizationRow, PresentationRow } from '../../ledger/schema.ts';
import { presentationsUp, recordCleanedUp, recordCleanUpFailed } from '../../ledger/orders/presentations.ts';
import { assertOwned, isTakenOver } from '../ownership/guards.ts';
import type { AccountRun } from '../account-run.ts';
import { cleanUpInTime } from './clean-up.ts';
import { answerOf, inTurn } from './stored-answer.ts';

const lastMomentMs = 1_000;

/**
 * Takes down all answers of an order that are, or may be, up, whoever put them there; only for the
 * authorizations that `which` picks. Nothing is thrown: an answer that couldn't be taken down stays in the
 * ledger for the next clean-up.
 */
export async function cleanUpPresentations(
  run: AccountRun,
  orderId: number,
  which: (row: AuthorizationRow) => boolean = () => true,
): Promise<void> {
  await takeDownAll(run, await presentedFor(run, orderId, which));
}

/** The answers of an order that may still be up, for the authorizations that `which` picks. */
export async function presentedFor(
  run: AccountRun,
  orderId: number,
  which: (row: AuthorizationRow) => boolean = () => true,
): Promise<PresentationRow[]> {
  const picked = new Set((await authorizationsOf(run.ledger, orderId)).filter(which).map((row) => row.id));
  const rows = await presentationsUp(run.ledger, orderId);
  return rows.filter((row) => picked.has(row.authorization_id));
}

export async function takeDownAll(run: AccountRun, rows: readonly PresentationRow[]): Promise<void> {
  if (run.leavesUp === true) return;
  const inOrder = run.mayTakeDown === undefined ? rows : failedLast(rows);
  const cleaned = await Promise.all(inOrder.map((row) => cleanUp(run, row, inOrder)));
  await recordCleanedUp(
    run,
    inOrder.filter((_, index) => cleaned[index] === true),
  );
}

async function cleanUp(
  run: AccountRun,
  row: PresentationRow,
  together: readonly PresentationRow[],
): Promise<boolean> {
  try {
    // Another run that took the order over may have put this answer up again.
    await assertOwned(run, row.order_id);
    return await takeDownInTime(run, row, together);
  } catch (error) {
    if (isTakenOver(error)) return false;
    const record = errorRecord(error);
    // Where answers of earlier runs are taken down, one line tells of them all.
    run.log[run.mayTakeDown === undefined ? 'warn' : 'info'](
      { identifier: row.identifier, error: record },
      'what was presented could not be taken down; the next clean-up tries again',
    );
    await recordCleanUpFailed(run, row.id, record);
    return false;
  }
}

/**
 * Takes an answer down in its turn: waiting for the hook uses up none of its time.
 * @returns false when its turn came too late
 */
async function takeDownInTime(
  run: AccountRun,
  row: PresentationRow,
  together: readonly PresentationRow[],
): Promise<boolean> {
  const { mayTakeDown, stops } = run;
  const act = async (): Promise<boolean> => {
    if (mayTakeDown?.() === false) return false;
    await takeDown(run, row, together);
    return true;
  };
  if (mayTakeDown === undefined) return act();
  const isDown = await inTurn(parseSolverSettings(row.settings), stops.grace, act);
  if (!isDown)
    run.log.info(
      { identifier: row.identifier },
      'no time is left to take down what is up; the next run or `acme-ledger authz clear` does',
    );
  return isDown;
}

/**
 * The answers by chance, those that failed before last: a hook that hangs doesn't always delay the same ones.
 */
function failedLast(rows: readonly PresentationRow[]): PresentationRow[] {
  const places = new Map(rows.map((row) => [row, (row.error === null ? 0 : 1) + Math.random()]));
  return rows.toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
}

/** Takes one answer down, whoever put it up. @throws AcmeLedgerError `solver` */
export async function takeDown(
  run: AccountRun,
  row: PresentationRow,
  together: readonly PresentationRow[] = [row],
): Promise<void> {
  const settings = parseSolverSettings(row.settings);
  const isProven = (await authorizationById(run.ledger, row.authorization_id))?.status === 'valid';
  const answer = { ...answerOf(row, together), isProven };
  await cleanUpInTime(run.solverFor(settings), settings, answer, cleanUpSignal(run));
}

/** The signal for a clean-up: when a slow CA took all of the grace, a moment is left to take answers down. */
function cleanUpSignal({ stops }: AccountRun): AbortSignal {
  if (!stops.grace.aborted) return stops.grace;
  const lastMoment = new AbortController();
  setTimeout(() => {
    lastMoment.abort(stops.grace.reason);
  }, lastMomentMs).unref();
  return lastMoment.signal;
}
