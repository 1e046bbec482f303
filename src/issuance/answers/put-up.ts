import type { SolverSettings } from '../../challenges/settings.ts';
import type { Solver } from '../../challenges/solver.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { PresentationRow } from '../../ledger/schema.ts';
import type { Failure, Task } from '../order/challenge-tasks.ts';
import type { AccountRun } from '../account-run.ts';
import { assertStillVisible, present } from './take-down.ts';

interface Presented {
  visible: Task[];
  failures: Failure[];
}

/**
 * Puts all answers of an order up at once and waits until each can be seen. Where there are several they are looked at once more at the
 * end: a hook or a DNS that holds one value at a name has let the second answer take the place of the first.
 * @returns what may be submitted, and the names that failed
 */
export async function presentAll(
  run: AccountRun,
  tasks: readonly Task[],
  presentations: readonly PresentationRow[],
  settings: SolverSettings,
): Promise<Presented> {
  const solver = run.solverFor(settings);
  const byAuthorization = new Map(presentations.map((row) => [row.authorization_id, row]));
  const withRow = (act: (run: AccountRun, solver: Solver, row: PresentationRow) => Promise<void>) => {
    return async (task: Task): Promise<void> => {
      const row = byAuthorization.get(task.row.id);
      if (row !== undefined) await act(run, solver, row);
    };
  };
  const up = await sorted(tasks, withRow(present));
  if (up.visible.length < 2) return up;
  const still = await sorted(up.visible, withRow(assertStillVisible));
  return { visible: still.visible, failures: [...up.failures, ...still.failures] };
}

async function sorted(tasks: readonly Task[], act: (task: Task) => Promise<void>): Promise<Presented> {
  const results = await Promise.allSettled(tasks.map(act));
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
