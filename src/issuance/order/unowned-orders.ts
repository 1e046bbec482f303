import { later } from '../../clock.ts';
import { isCaUnusable } from '../../error-kinds.ts';
import { unsettledOrders } from '../../ledger/orders/unsettled-orders.ts';
import { ordersStillPresented } from '../../ledger/orders/presentations.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import { allOrFirstError } from '../waiting/concurrency.ts';
import type { Places } from '../waiting/concurrency-level.ts';
import type { AccountRun } from '../account-run.ts';
import { listedOnce } from './listed-once.ts';
import { aliveAmong } from '../ownership/lease.ts';
import { isKept } from '../ownership/protection.ts';
import { wasLookedAt } from './stuck-order.ts';
import { takeOverOrder } from '../ownership/taking-over.ts';
import { removeUselessKeys } from '../certificate/useless-keys.ts';
import { recover } from './recover.ts';

export interface RecoveryOptions {
  /** Orders that are kept for a resume, too. */
  includeKept: boolean;
  /** Orders for these sets of names are about to be worked on by this run. */
  skipNamesKeys: ReadonlySet<string>;
  /** Asked after each order: whether that was enough. */
  isEnough?: () => Promise<boolean>;
  /** Lends the place of the certificate that waits for this to another while the CA takes its time. */
  whileWaiting?: Places['lend'] | undefined;
}

/** What begins to be taken down later is left for the next run; what has begun ends at its hook's own limit. */
const takeDownForMs = 60_000;

/**
 * The run's own work, behind the settling of what nobody owns any more, and before one more try to take down what an earlier clean-up
 * failed to.
 */
export async function withUnownedSettled<T>(
  run: AccountRun,
  skipNamesKeys: ReadonlySet<string>,
  work: () => Promise<T>,
): Promise<T> {
  const { stillPresented } = await settleUnowned(run, { includeKept: false, skipNamesKeys });
  const done = await work();
  await retryTakeDown(run, stillPresented);
  return done;
}

/**
 * Settles what nobody owns any more: orders of runs that died, and with `includeKept` those kept for a resume, oldest first.
 * @returns how many orders were brought to an end; and those that have one but for what a clean-up has failed to take down: that
 * frees nothing at the CA, and may take as long as a hook may, so it is for `retryTakeDown`, after the run's own work
 */
export async function settleUnowned(
  run: AccountRun,
  options: RecoveryOptions,
): Promise<{ closed: number; stillPresented: OrderRow[] }> {
  let closed = 0;
  await removeUselessKeys(run.ledger, run.stateDir);
  const unowned = await unownedOrders(run, options);
  const onlyPresented = await ordersStillPresented(run.ledger);
  // What the CA doesn't get on with is looked at once, after the run's own work, too.
  const stillPresented = unowned.filter(
    ({ id, concluded_at, stuck_at }) => stuck_at !== null || (concluded_at !== null && onlyPresented.has(id)),
  );
  const listOrders = listedOnce(run.session, run.clock);
  const limited = { ...limitedTakingDown(run), listOrders };
  for (const order of unowned.filter((one) => !stillPresented.includes(one))) {
    if (run.stops.work.aborted) break;
    const owned = await takeOverOrder(run, order);
    if (owned === null) continue;
    closed += 1;
    // What nobody took up in time, or room is wanted for, isn't kept for longer.
    const policy = options.includeKept || order.kept_until !== null ? 'deactivate' : run.policy;
    const failure = await recover(limited, owned, policy, options);
    if (failure !== null && isCaUnusable(failure)) break;
    if ((await options.isEnough?.()) === true) break;
  }
  return { closed, stillPresented };
}

/** Tries again, as far as time allows, all at once: a hook that hangs isn't in the way of others. */
export async function retryTakeDown(run: AccountRun, stillPresented: readonly OrderRow[]): Promise<void> {
  const limited = limitedTakingDown(run);
  await allOrFirstError(
    stillPresented.map(async (order) => {
      if (run.stops.work.aborted) return;
      const owned = await takeOverOrder(run, order);
      if (owned !== null) await recover(limited, owned, run.policy);
    }),
  );
}

function limitedTakingDown(run: AccountRun): AccountRun {
  const endsAt = later(run.clock.now(), takeDownForMs);
  return { ...run, mayTakeDown: () => run.clock.now() < endsAt };
}

/** Orders with something left to do that no live run works on. */
export async function unownedOrders(run: AccountRun, options: RecoveryOptions): Promise<OrderRow[]> {
  const now = run.clock.now();
  const orders = await unsettledOrders(run.ledger, run.account.id, now);
  const alive = await aliveAmong(
    run,
    orders.map(({ run_id }) => run_id),
  );
  return orders.filter((order) => {
    if (alive.has(order.run_id)) return false;
    // One that is concluded can't be taken up by an attempt for its names: what it left is settled here.
    if (order.concluded_at === null && order.stuck_at === null && options.skipNamesKeys.has(order.names_key))
      return false;
    if (wasLookedAt(order, now)) return false;
    return options.includeKept || !isKept(order, now);
  });
}
