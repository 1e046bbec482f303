import { takeOver } from '../../ledger/orders/order-ownership.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { unendedRuns } from '../../ledger/runs.ts';
import { endHooksOf } from '../../system/orphaned-hooks.ts';
import type { AccountRun } from '../account-run.ts';
import type { Log } from '../../log-and-stops.ts';
import { isAlive, isDeadHere, isHeld } from './lease.ts';

/**
 * Makes this run the owner of an order that nobody works on, and ends the hooks that a dead owner left.
 * @returns the order as this run owns it; null when another run was first
 */
export async function takeOverOrder(run: AccountRun, order: OrderRow): Promise<OrderRow | null> {
  if (!(await takeOver(run, order, (owner) => isAlive(owner, run.clock.wallNow())))) return null;
  await endOrphans(run, order.run_id);
  return { ...order, run_id: run.runId };
}

/**
 * Takes over an order unless a live run works on it.
 * @returns false when one does, or another run was first
 */
export async function takeOverUnlessAlive(run: AccountRun, order: OrderRow): Promise<boolean> {
  return !(await isHeld(run, order)) && (await takeOverOrder(run, order)) !== null;
}

/** Ends the hooks of a dead run, which would put their answers up after these were taken down. */
export async function endOrphans(run: AccountRun, deadRunId: string | null): Promise<void> {
  if (deadRunId === null || deadRunId === run.runId) return;
  const ended = await endHooksOf([deadRunId]);
  if (ended > 0) run.log.info({ run: deadRunId, hooks: ended }, 'ended hooks that a dead run left');
}

/** Dead runs whose hooks were looked for already: a dead run starts no more. */
const searched = new Set<string>();

/**
 * Ends the hooks of all dead runs, also of those that died without an order to take over, say in a deploy
 * hook of a certificate that is wanted otherwise since.
 */
export async function endHooksOfDeadRuns(ledger: Ledger, log: Log): Promise<void> {
  const dead = (await unendedRuns(ledger)).filter((run) => !searched.has(run.id) && isDeadHere(run));
  if (dead.length === 0) return;
  const ids = dead.map(({ id }) => id);
  const ended = await endHooksOf(ids);
  for (const id of ids) searched.add(id);
  if (ended > 0) log.info({ runs: ids, hooks: ended }, 'ended hooks that dead runs left');
}
