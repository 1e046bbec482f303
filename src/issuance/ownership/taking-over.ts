import { takeOver } from '../../ledger/orders/order-ownership.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { unendedRuns } from '../../ledger/runs.ts';
import { endHooksOf } from '../../system/orphaned-hooks.ts';
import type { AccountRun } from '../account-run.ts';
import type { Log } from '../../log-and-stops.ts';
import { isAlive, isDeadHere, isHeld } from './lease.ts';

/**
 * Makes this run the owner of an order that nobody works on, and ends what its dead owner's hooks are still doing.
 * @returns the order as it is ours; null when somebody else was first
 */
export async function takeOverOrder(run: AccountRun, order: OrderRow): Promise<OrderRow | null> {
  if (!(await takeOver(run, order, (owner) => isAlive(owner, run.clock.wallNow())))) return null;
  await endOrphans(run, order.run_id);
  return { ...order, run_id: run.runId };
}

/** Takes over any order, whether somebody works on it or not. @returns false when somebody does, or was first */
export async function takeOverUnlessAlive(run: AccountRun, order: OrderRow): Promise<boolean> {
  return !(await isHeld(run, order)) && (await takeOverOrder(run, order)) !== null;
}

/** A hook that outlives its run would put its answer up after it was taken down. */
export async function endOrphans(run: AccountRun, deadRunId: string | null): Promise<void> {
  if (deadRunId === null || deadRunId === run.runId) return;
  const ended = await endHooksOf([deadRunId]);
  if (ended > 0) run.log.info({ run: deadRunId, hooks: ended }, 'ended hooks that a dead run left');
}

/** Dead runs whose hooks were looked for already: a dead run starts no more. */
const searched = new Set<string>();

/** Also of runs that died in something that has no order to take over, say a deploy hook of what is wanted otherwise since. */
export async function endHooksOfDeadRuns(ledger: Ledger, log: Log): Promise<void> {
  const dead = (await unendedRuns(ledger)).filter((run) => !searched.has(run.id) && isDeadHere(run));
  if (dead.length === 0) return;
  const ids = dead.map(({ id }) => id);
  const ended = await endHooksOf(ids);
  for (const id of ids) searched.add(id);
  if (ended > 0) log.info({ runs: ids, hooks: ended }, 'ended hooks that dead runs left');
}
