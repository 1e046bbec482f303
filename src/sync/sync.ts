import pLimit from 'p-limit';
import type { AcmeLedgerError } from '../errors.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { aliveAmong } from '../issuance/ownership/lease.ts';
import { CaQuestions } from '../issuance/waiting/ca-questions.ts';
import { allOrFirstError } from '../issuance/waiting/concurrency.ts';
import { pendingAuthorizations } from '../ledger/authorizations/authorizations.ts';
import { lostOrders, openOrders } from '../ledger/orders/order-comparison.ts';
import type { OrderRow } from '../ledger/schema.ts';
import type { Compared } from './sync-line.ts';
import { compareAuthorization } from './sync-authorizations.ts';
import { compareOrder, lostOrder } from './sync-orders.ts';

export interface Synced {
  /** Why not all were asked for: the CA asked to be left alone, or can't be reached; null when all were. */
  end: AcmeLedgerError | null;
  notAsked: number;
}

/**
 * Asks the CA for the state of every authorization and order that the ledger holds open, and records each difference (promise 6). Nothing
 * is deactivated, and no order is ended: what a live run works on is its own.
 */
export async function sync(
  run: AccountRun,
  options: { concurrency: number },
  onResult: (compared: Compared) => void,
  onTotal: (count: number) => void = () => undefined,
): Promise<Synced> {
  const { ledger, account, clock } = run;
  const isUnowned = await unowned(run);
  const rows = await pendingAuthorizations(ledger, account.id);
  const orders = (await openOrders(ledger, account.id)).filter(isUnowned);
  onTotal(rows.length + orders.length);
  const asking = new CaQuestions();
  const limit = pLimit(options.concurrency);
  const tell = (compared: Compared[]): void => compared.forEach((each) => onResult(each));
  // Orders first: they may name authorizations that aren't known.
  await allOrFirstError(
    [
      ...orders.map((order) => async () => tell(await compareOrder(run, asking, order))),
      ...rows.map((row) => async () => tell(await compareAuthorization(run, asking, row))),
    ].map((compare) =>
      limit(async () => {
        if (!run.stops.work.aborted) await compare();
      }),
    ),
  );
  tell((await lostOrders(ledger, account.id, clock.now())).filter(isUnowned).map(lostOrder));
  return { end: asking.end, notAsked: asking.notAsked };
}

async function unowned(run: AccountRun): Promise<(order: OrderRow) => boolean> {
  const { ledger, account, clock } = run;
  const orders = [
    ...(await openOrders(ledger, account.id)),
    ...(await lostOrders(ledger, account.id, clock.now())),
  ];
  const owners = new Set(orders.map(({ run_id }) => run_id));
  const alive = await aliveAmong({ ledger, clock }, owners);
  // An order that got an owner since then is in that run's hands.
  return ({ run_id }) => run_id === null || (owners.has(run_id) && !alive.has(run_id));
}
