import { AcmeLedgerError } from '../../errors.ts';
import { later } from '../../clock.ts';
import { orderById } from '../../ledger/orders/orders.ts';
import { presentationsUp } from '../../ledger/orders/presentations.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import { counted } from '../../printable.ts';
import type { AccountRun } from '../account-run.ts';
import { takeOverOrder } from '../ownership/taking-over.ts';
import { allOrFirstError } from '../waiting/concurrency.ts';
import { recover } from './recover.ts';

/**
 * For how long answers may begin to be taken down: later ones are left for the next run, and begun ones end
 * at their hook's own limit.
 */
const takeDownForMs = 60_000;
/** Hooks that do what they should are done by then: also a run without any time left takes its answers down. */
const shortestMs = 5_000;
/** The longest that `setTimeout` takes. */
const longestTimerMs = 2_147_483_647;
/** After so long a person wonders why the program doesn't end. */
const toldAfterMs = 3_000;
/** So many names are told. */
const namedMost = 3;

/**
 * Settles the rest of orders that earlier runs left, after the run's own work: all at once, so that a hook
 * that hangs isn't in the way of others, and only while the run has time. It is told in one line when it
 * takes long, or when an answer stays up; that one is in the ledger, for the next run.
 */
export async function settleLater(
  run: AccountRun,
  orders: readonly OrderRow[],
  { leftMs }: { leftMs: () => number },
): Promise<void> {
  if (orders.length === 0 || run.stops.work.aborted) return;
  const what = namesOf(orders);
  const telling = tellWhenSlow(run, what);
  await withinTime(run, leftMs(), (limited) => settleAll(limited, orders)).finally(telling.end);
  const up = (await Promise.all(orders.map(({ id }) => presentationsUp(run.ledger, id)))).flat();
  if (up.length === 0 || telling.end()) return;
  run.log.warn(
    { error: up.find(({ error }) => error !== null)?.error ?? null },
    `this run's own work is done; what an earlier run put up for ${what} could not be taken down: the next run tries again, or acme-ledger authz clear`,
  );
}

function namesOf(orders: readonly OrderRow[]): string {
  const names = [...new Set(orders.flatMap((order) => order.names))];
  const more = names.length - namedMost;
  const shown = names.slice(0, namedMost).join(', ');
  return more > 0 ? `${shown} and ${counted(more, 'more name')}` : shown;
}

/** @returns `end`, to be called when the work is done: says whether it was told */
function tellWhenSlow({ log }: AccountRun, what: string): { end: () => boolean } {
  let isTold = false;
  // Of a person's time, whatever the clock of the ledger does.
  const timer = setTimeout(() => {
    isTold = true;
    log.warn(
      {},
      `this run's own work is done; what an earlier run put up for ${what} is being taken down, which takes its time: what stays up is left for the next run, or acme-ledger authz clear`,
    );
  }, toldAfterMs);
  return {
    end: () => {
      clearTimeout(timer);
      return isTold;
    },
  };
}

async function settleAll(run: AccountRun, orders: readonly OrderRow[]): Promise<void> {
  const endsAt = later(run.clock.now(), takeDownForMs);
  const limited = { ...run, mayTakeDown: () => run.clock.now() < endsAt };
  const settled = new Set<number>();
  await allOrFirstError(
    orders.map(async (order) => {
      if (run.stops.work.aborted || settled.has(order.id)) return;
      settled.add(order.id);
      const now = await orderById(run.ledger, order.id);
      const owned = now === undefined ? null : await takeOverOrder(run, now);
      if (owned !== null) await recover(limited, owned, run.policy);
    }),
  );
}

/** Does the act with signals that end it when the run's time is over. */
async function withinTime(
  run: AccountRun,
  leftMs: number,
  act: (run: AccountRun) => Promise<void>,
): Promise<void> {
  if (leftMs === Infinity) return act(run);
  const ms = Math.min(Math.max(leftMs, shortestMs), longestTimerMs);
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new AcmeLedgerError('solver', `not done before the run's time was over`));
  }, ms);
  const { work, grace } = run.stops;
  try {
    const stops = {
      work: AbortSignal.any([work, late.signal]),
      grace: AbortSignal.any([grace, late.signal]),
    };
    await act({ ...run, stops });
  } finally {
    clearTimeout(timer);
  }
}
