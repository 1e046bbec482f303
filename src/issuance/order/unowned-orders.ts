import { type Clock, later } from '../../clock.ts';
import { isCaUnusable } from '../../error-kinds.ts';
import { unsettledOrders } from '../../ledger/orders/unsettled-orders.ts';
import { ordersStillPresented } from '../../ledger/orders/presentations.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { AccountRow, OrderRow } from '../../ledger/schema.ts';
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
  /** Whether orders that are kept for a resume are settled, too. */
  includeKept: boolean;
  /** The sets of names for which this run is about to work on orders itself. */
  skipNamesKeys: ReadonlySet<string>;
  /** Asked after each order: whether enough were settled. */
  isEnough?: () => Promise<boolean>;
  /** Lends the place of the certificate that waits for this to another while the CA takes its time. */
  whileWaiting?: Places['lend'] | undefined;
}

/**
 * For how long answers may begin to be taken down: later ones are left for the next run, and begun ones end
 * at their hook's own limit.
 */
const takeDownForMs = 60_000;

/**
 * Does the run's own work after settling the orders that nobody owns any more, and before one more try to
 * take down answers that an earlier clean-up failed to.
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
 * Settles the orders that nobody owns any more: those of runs that died, and with `includeKept` those kept
 * for a resume, oldest first.
 * @returns how many orders were brought to an end, and the orders that only have answers left which a
 *   clean-up failed to take down. Taking those down frees nothing at the CA, and may take as long as a hook
 *   may, so it is for `retryTakeDown`, after the run's own work
 */
export async function settleUnowned(
  run: AccountRun,
  options: RecoveryOptions,
): Promise<{ closed: number; stillPresented: OrderRow[] }> {
  let closed = 0;
  await removeUselessKeys(run.ledger, run.stateDir);
  const unowned = await unownedOrders(run, options);
  const onlyPresented = await ordersStillPresented(run.ledger);
  // Orders that the CA doesn't get on with are looked at once, after the run's own work, too.
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
    // An order that nobody took up in time, or whose room is wanted, isn't kept for longer.
    const policy = options.includeKept || order.kept_until !== null ? 'deactivate' : run.policy;
    const failure = await recover(limited, owned, policy, options);
    if (failure !== null && isCaUnusable(failure)) break;
    if ((await options.isEnough?.()) === true) break;
  }
  return { closed, stillPresented };
}

/**
 * Tries these orders again, as far as time allows, all at once: a hook that hangs isn't in the way of others.
 */
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
export async function unownedOrders(
  run: { ledger: Ledger; account: Pick<AccountRow, 'id'>; clock: Clock },
  options: RecoveryOptions,
): Promise<OrderRow[]> {
  const now = run.clock.now();
  const orders = await unsettledOrders(run.ledger, run.account.id, now);
  const alive = await aliveAmong(
    run,
    orders.map(({ run_id }) => run_id),
  );
  return orders.filter((order) => {
    if (alive.has(order.run_id)) return false;
    // A concluded order can't be taken up by an attempt for its names: its open authorizations and answers
    // are settled here.
    if (order.concluded_at === null && order.stuck_at === null && options.skipNamesKeys.has(order.names_key))
      return false;
    if (wasLookedAt(order, now)) return false;
    return options.includeKept || !isKept(order, now);
  });
}
