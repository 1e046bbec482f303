import type { Clock } from '../../clock.ts';
import { isCaUnusable } from '../../error-kinds.ts';
import { unsettledOrders } from '../../ledger/orders/unsettled-orders.ts';
import { ordersStillPresented, presentationsUp } from '../../ledger/orders/presentations.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { AccountRow, OrderRow } from '../../ledger/schema.ts';
import type { Places } from '../waiting/concurrency-level.ts';
import type { AccountRun } from '../account-run.ts';
import { listedOnce } from './listed-once.ts';
import { aliveAmong } from '../ownership/lease.ts';
import { isKept } from '../ownership/protection.ts';
import { wasLookedAt } from './stuck-order.ts';
import { takeOverOrder } from '../ownership/taking-over.ts';
import { settleLater } from './settle-later.ts';
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
 * How long the run's own work waits for the CA to settle earlier orders. Settling them first makes room at
 * the gate; an order that the CA takes its time for goes on being settled beside the work.
 */
const ahead = 5_000;

export interface LaterOptions {
  leftMs?: () => number;
  postpone?: ((ca: string) => void) | undefined;
}

/**
 * Does the run's own work after settling the orders that nobody owns any more, as far as only the CA is asked
 * for that and answers in time. What may take as long as a hook may comes after the work: answers that are
 * up, certificates to collect and deploy.
 * @param options.leftMs how much of the run's time is left
 * @param options.postpone called instead where the run has other work to do first, which may need the same
 *   hook: it has to come back to this account
 */
export async function withUnownedSettled<T>(
  run: AccountRun,
  skipNamesKeys: ReadonlySet<string>,
  work: (run: AccountRun) => Promise<T>,
  { leftMs = () => Infinity, postpone }: LaterOptions = {},
): Promise<T> {
  const forLater: OrderRow[] = [];
  const working = { ...run, forLater };
  const settling = settleUnowned(run, { includeKept: false, skipNamesKeys });
  settling.catch(() => undefined); // awaited below
  const waited = new AbortController();
  await Promise.race([settling, run.clock.sleep(ahead, waited.signal).catch(() => undefined)]);
  waited.abort();
  let done: T;
  try {
    done = await work(working);
  } finally {
    // The ledger and the session are closed after this.
    await settling.catch(() => undefined);
  }
  forLater.push(...(await settling).forLater);
  if (postpone === undefined) await settleLater(run, forLater, { leftMs });
  else if (forLater.length > 0) postpone(run.account.ca);
  return done;
}

/**
 * Settles the orders that nobody owns any more: those of runs that died, and with `includeKept` those kept
 * for a resume, oldest first. Only the CA is asked for it.
 * @returns how many orders were brought to an end, and the orders that have something left to do for which
 *   nobody should wait. It frees nothing at the CA, and may take as long as a hook may, so it is for
 *   `settleLater`, after the run's own work
 */
export async function settleUnowned(
  run: AccountRun,
  options: RecoveryOptions,
): Promise<{ closed: number; forLater: OrderRow[] }> {
  let closed = 0;
  await removeUselessKeys(run.ledger, run.stateDir);
  const unowned = await unownedOrders(run, options);
  const onlyPresented = await ordersStillPresented(run.ledger);
  const forLater = unowned.filter((order) => hasOnlySlowSteps(order, onlyPresented));
  const atOnce = { ...run, leavesUp: true, listOrders: listedOnce(run.session, run.clock) };
  for (const order of unowned.filter((one) => !forLater.includes(one))) {
    if (run.stops.work.aborted) break;
    const owned = await takeOverOrder(run, order);
    if (owned === null) continue;
    closed += 1;
    // An order that nobody took up in time, or whose room is wanted, isn't kept for longer.
    const policy = options.includeKept || order.kept_until !== null ? 'deactivate' : run.policy;
    const failure = await recover(atOnce, owned, policy, options);
    if ((await presentationsUp(run.ledger, order.id)).length > 0) forLater.push(order);
    if (failure !== null && isCaUnusable(failure)) break;
    if ((await options.isEnough?.()) === true) break;
  }
  return { closed, forLater };
}

/**
 * Whether all that is left to do for the order may take its time and frees nothing at the CA: an answer to
 * take down, a certificate to collect and deploy, an order that the CA doesn't get on with.
 */
function hasOnlySlowSteps(
  { id, concluded_at, stuck_at, finalize_sent_at }: OrderRow,
  onlyPresented: ReadonlySet<number>,
): boolean {
  if (stuck_at !== null) return true;
  return concluded_at === null ? finalize_sent_at !== null : onlyPresented.has(id);
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
