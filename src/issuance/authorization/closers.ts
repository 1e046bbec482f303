import { later } from '../../clock.ts';
import { authorizationsOf } from '../../ledger/authorizations/authorizations.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { aliveAmong } from '../ownership/lease.ts';

/** A closing request lives for 40 s: one sent before its run could see the order has ended by then. */
const closingTakesMs = 45_000;
const lookAgainMs = 200;

/** The outcome of waiting for runs that were closing authorizations when an order got them. */
export interface Closers {
  /** Whether one of the authorizations can't become valid any more: another order is wanted. */
  isSpent: boolean;
  /**
   * Runs whose claims to close count no more: dead runs, and runs that take longer than their request can.
   */
  outwaited: ReadonlySet<string>;
}

/**
 * Waits for the runs that are closing an authorization of this order. A CA that hands pending authorizations
 * out again may give an order one that another run is about to deactivate: that run's claim is older than the
 * order, so its request may be on its way. A run that claims later sees the order and leaves the
 * authorization alone.
 * @throws the reason of `stops.work`
 */
export async function awaitClosers(run: AccountRun, orderId: number): Promise<Closers> {
  const until = later(run.clock.now(), closingTakesMs);
  const waitedFor = new Set<number>();
  for (;;) {
    const rows = await authorizationsOf(run.ledger, orderId);
    const claimed = rows.filter(
      ({ status, closing_run_id }) => status === 'pending' && closing_run_id !== null,
    );
    const live = await ofTheLiving(run, claimed);
    if (live.length === 0 || run.clock.now() >= until) {
      const isSpent = rows.some(
        ({ id, status }) => waitedFor.has(id) && !['pending', 'valid'].includes(status),
      );
      return { isSpent, outwaited: new Set(claimed.flatMap(({ closing_run_id }) => closing_run_id ?? [])) };
    }
    for (const { id } of live) waitedFor.add(id);
    await run.clock.sleep(lookAgainMs, run.stops.work);
  }
}

/**
 * The authorizations whose claiming run is alive, be it this very run, which may be settling another order.
 */
async function ofTheLiving(
  run: AccountRun,
  claimed: readonly AuthorizationRow[],
): Promise<AuthorizationRow[]> {
  const alive = await aliveAmong(
    run,
    claimed.map(({ closing_run_id }) => closing_run_id),
  );
  return claimed.filter(({ closing_run_id }) => alive.has(closing_run_id));
}
