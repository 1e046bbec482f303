import { RecordReplaced } from '../../challenges/visibility/record-errors.ts';
import type { Solver } from '../../challenges/solver.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { PresentationRow } from '../../ledger/schema.ts';
import type { Failure, Task } from '../order/challenge-tasks.ts';
import type { AccountRun } from '../account-run.ts';
import { answerOf } from './stored-answer.ts';
import { waitForCaches } from './cache-wait.ts';
import { takeDown } from './take-down.ts';
import { isTakenDown } from '../../ledger/orders/presentations.ts';
import { assertStands } from './standing.ts';
import { assertOwned, isTakenOver } from '../ownership/guards.ts';

interface Presented {
  visible: Task[];
  failures: Failure[];
  /** Names whose answer another one of the order took the place of: they are proven by themselves, behind it. */
  replaced: Failure[];
  /** The name servers that show the record of each authorization. */
  serverSets: ReadonlyMap<number, string>;
}

/**
 * Puts all answers of an order up at once, then waits until all can be seen, and looks at them once more at the end: with a hook or a DNS
 * that holds one value at a name, the second answer replaces the first.
 * @returns the tasks that may be submitted, and the names that failed
 */
export async function presentAll(
  run: AccountRun,
  tasks: readonly Task[],
  presentations: readonly PresentationRow[],
): Promise<Presented> {
  const byAuthorization = new Map(presentations.map((row) => [row.authorization_id, row]));
  const together = tasks.flatMap(({ row }) => byAuthorization.get(row.id) ?? []);
  const withRow = (act: Act) => {
    return async (task: Task): Promise<void> => {
      const row = byAuthorization.get(task.row.id);
      if (row === undefined) await assertStands(run, task);
      else await act(run, run.solverFor(task.settings), row, together);
    };
  };
  const up = await sorted(tasks, withRow(present));
  const seen = await sorted(up.done, withRow(waitUntilVisible));
  const { waited, serverSets } = await waitForCaches(run, seen.done, together);
  // What was seen this moment isn't looked at again.
  const again = seen.done.length > 1 || waited ? withRow(assertStillVisible) : () => Promise.resolve();
  const still = await sorted(seen.done, again);
  const missing = [...seen.failures, ...still.failures];
  const isReplaced = ({ row, error }: Failure): boolean =>
    error instanceof RecordReplaced && still.done.some((task) => task.row.identifier === row.identifier);
  return {
    visible: still.done,
    failures: [...up.failures, ...missing.filter((failure) => !isReplaced(failure))],
    replaced: missing.filter(isReplaced),
    serverSets,
  };
}

type Act = (
  run: AccountRun,
  solver: Solver,
  row: PresentationRow,
  together: readonly PresentationRow[],
) => Promise<void>;

async function sorted(
  tasks: readonly Task[],
  act: (task: Task) => Promise<void>,
): Promise<{ done: Task[]; failures: Failure[] }> {
  const results = await Promise.allSettled(tasks.map(act));
  const done: Task[] = [];
  const failures: Failure[] = [];
  tasks.forEach((task, index) => {
    const result = results[index];
    if (result?.status === 'rejected') failures.push({ row: task.row, error: asSolverError(result.reason) });
    else done.push(task);
  });
  return { done, failures };
}

function asSolverError(reason: unknown): AcmeLedgerError {
  if (reason instanceof AcmeLedgerError) return reason;
  throw reason;
}

/**
 * Puts one answer up.
 * @throws AcmeLedgerError `solver`, `busy` when another run took the order over; the reason of `stops.work`
 */
async function present(
  run: AccountRun,
  solver: Solver,
  row: PresentationRow,
  together: readonly PresentationRow[],
): Promise<void> {
  const answer = answerOf(row, together);
  await assertOwned(run, row.order_id);
  await solver.present(answer, run.stops.work);
  await assertStillOurs(run, row);
}

/** @throws AcmeLedgerError `solver`; the reason of `stops.work` */
async function waitUntilVisible(
  run: AccountRun,
  solver: Solver,
  row: PresentationRow,
  together: readonly PresentationRow[],
): Promise<void> {
  const answer = answerOf(row, together);
  await solver.waitUntilVisible(answer, run.stops.work);
  await run.lookAtServed?.(run, answer);
}

/** Looks once more at an answer that could be seen. @throws AcmeLedgerError `solver` when it is gone; the reason of `stops.work` */
async function assertStillVisible(run: AccountRun, solver: Solver, row: PresentationRow): Promise<void> {
  await solver.assertStillVisible(answerOf(row), run.stops.work);
}

/**
 * Asserts that this run still owns the order of an answer just put up. When another run took the order over
 * and has taken everything down, the answer would stay: it is taken down here.
 */
async function assertStillOurs(run: AccountRun, row: PresentationRow): Promise<void> {
  try {
    await assertOwned(run, row.order_id);
  } catch (error) {
    if (isTakenOver(error) && (await isTakenDown(run.ledger, row))) await takeDown(run, row);
    throw error;
  }
}
