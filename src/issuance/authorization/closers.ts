import { later } from '../../clock.ts';
import { authorizationsOf } from '../../ledger/authorizations/authorizations.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { aliveAmong } from '../ownership/lease.ts';

/** A request lives for 40 s: one that was let out before its closer could see the order has come to its end by then. */
const closingTakesMs = 45_000;
const lookAgainMs = 200;

/** What became of authorizations that others were closing when an order got them. */
export interface Closers {
  /** Whether one of them can't become valid any more: another order is wanted. */
  isSpent: boolean;
  /** Runs whose claims count no more: dead, or at it for longer than their request can take. */
  outwaited: ReadonlySet<string>;
}

/**
 * Waits for those who are closing an authorization of this order. A CA that hands pending ones out again gives an order what another run is
 * about to deactivate: the ledger held that run's claim before it knew of the order, so its request may be on its way. Whoever comes to
 * it later sees the order and leaves it alone.
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

/** Also this very run's: it may be settling another order. */
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
