import { isCaUnusable } from '../error-kinds.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import { countPending, pendingOf } from '../ledger/authorizations/authorization-list.ts';
import { authorizationByUrl, authorizationsOf } from '../ledger/authorizations/authorizations.ts';
import { isLedgerFailure } from '../ledger/ledger-failure.ts';
import { takeOver } from '../ledger/orders/order-ownership.ts';
import { releaseOrder } from '../ledger/orders/orders.ts';
import { presentationsUp } from '../ledger/orders/presentations.ts';
import type { OrderRow } from '../ledger/schema.ts';
import { CaQuestions } from '../issuance/waiting/ca-questions.ts';
import { eachOf } from '../issuance/waiting/bounded-pull.ts';
import { type Clearing, clearOne } from './clear-one.ts';
import { type Cleared, type Subject } from './clear-line.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { isAlive } from '../issuance/ownership/lease.ts';
import { failureOf, locate, recover } from '../issuance/order/recover.ts';
import { isLeftToItsNames } from '../issuance/order/still-wanted.ts';
import { unownedOrders } from '../issuance/order/unowned-orders.ts';
import { orderEnd } from '../issuance/order/settle.ts';
import { takeOverOrder } from '../issuance/ownership/taking-over.ts';
import { refresh } from '../issuance/authorization/verdicts.ts';

export interface ClearOptions extends Clearing {
  /** Only these authorizations; all that the ledger holds open when empty. */
  urls: readonly string[];
  /**
   * The accounts that are cleared one after the other: each is asked for authorizations that are known to be
   * its own, none for another's.
   */
  turns?: ReadonlySet<number>;
  concurrency: number;
}

export interface ClearEnd {
  /** How many answers to challenges could not be taken down. */
  stillPresented: number;
  /**
   * Why orders that nobody works on have no end yet, and so may have authorizations open: an error for each.
   */
  unsettled: AcmeLedgerError[];
  /**
   * Why not all authorizations were asked for: the CA asked to be left alone, or can't be reached; null when
   * all were.
   */
  end: AcmeLedgerError | null;
  notAsked: number;
}

/**
 * Settles every leak of the account (promise 2): asks the CA for the state of each authorization that the
 * ledger holds open, closes those that are pending and unsubmitted, takes down answers that are up. An order
 * that a live run works on is left alone. A dry run writes the CA's answers into the ledger, so it is to be
 * given a copy.
 * @param onResult called for each authorization as it is done
 */
export async function clear(
  run: AccountRun,
  options: ClearOptions,
  onResult: (cleared: Cleared) => void,
  onTotal: (count: number) => void = () => undefined,
): Promise<ClearEnd> {
  const asking = new CaQuestions();
  const unsettled: AcmeLedgerError[] = [];
  if (options.dryRun) await foreseeKept(run, options);
  const claimed = options.dryRun ? [] : await claimUnowned(run, options, unsettled);
  try {
    const { subjects, total } = await subjectsOf(run, options);
    onTotal(total);
    await eachOf(subjects, options.concurrency, async (subject) => {
      if (run.stops.work.aborted) return;
      const evenYoung = options.urls.length > 0;
      const cleared = await clearOne(run, asking, subject, { ...options, evenYoung });
      if (cleared !== null) onResult(cleared);
    });
  } finally {
    // Left to do for the orders: presentations, certificates to fetch, their own states.
    for (const order of claimed) {
      const isDone = run.stops.work.aborted || options.urls.length > 0;
      const mayAsk = asking.end === null && !unsettled.some(isCaUnusable);
      if (isDone || !mayAsk) {
        await releaseOrder(run, order.id, {});
        continue;
      }
      const failure = await recover(run, order, 'deactivate');
      if (failure !== null) unsettled.push(failure);
    }
  }
  const up = await Promise.all(claimed.map((order) => presentationsUp(run.ledger, order.id)));
  const stillPresented = options.urls.length > 0 ? 0 : up.flat().length;
  return { stillPresented, unsettled, end: asking.end, notAsked: asking.notAsked };
}

/**
 * Takes over orders that nobody works on, so that no other run takes them up while they are being cleared. An
 * order whose newOrder was never answered is looked for, so that its authorizations are known. The order of a
 * dead run is kept for its names where the policy says so.
 */
async function claimUnowned(
  run: AccountRun,
  options: ClearOptions,
  unsettled: AcmeLedgerError[],
): Promise<OrderRow[]> {
  const claimed: OrderRow[] = [];
  for (const order of await unownedOld(run, options)) {
    if (options.urls.length > 0 && !(await holdsOne(run, order, options.urls))) continue;
    if (order.url === null && unsettled.some(isCaUnusable)) continue;
    const isLeft = await isLeftBy(run, options, order);
    const owned = await takeOverOrder(run, order);
    if (owned === null) continue;
    if (isLeft) {
      const failure = await recover(run, owned, 'resume');
      if (failure !== null) unsettled.push(failure);
      continue;
    }
    const found = order.url === null ? await lookFor(run, owned) : owned;
    if (found instanceof AcmeLedgerError) unsettled.push(found);
    else if (found !== null) claimed.push(found);
  }
  return claimed;
}

/** Orders that nobody works on, as old as is wanted. */
async function unownedOld(run: AccountRun, { all, olderThan }: ClearOptions): Promise<OrderRow[]> {
  const orders = await unownedOrders(run, { includeKept: all, skipNamesKeys: new Set() });
  return olderThan === null ? orders : orders.filter(({ created_at }) => created_at < olderThan);
}

/** Whether this clean-up keeps the order's authorizations for the next attempt for its names. */
async function isLeftBy(run: AccountRun, { all, urls }: ClearOptions, order: OrderRow): Promise<boolean> {
  return !all && urls.length === 0 && (await isLeftToItsNames(run, order));
}

/**
 * In a dry run's copy of the ledger: orders of dead runs that a real run would keep for their names are kept
 * there.
 */
async function foreseeKept(run: AccountRun, options: ClearOptions): Promise<void> {
  for (const order of await unownedOld(run, options)) {
    // An order that was finalized has nothing open; of an order without a URL nothing is known.
    if (order.url === null || order.finalize_sent_at !== null) continue;
    if (!(await isLeftBy(run, options, order))) continue;
    await foreseeEnd(run, order).catch((error: unknown) => {
      if (isLedgerFailure(error)) throw error;
      run.log.warn({ order: order.id, error: errorRecord(error) }, 'the CA could not be asked for an order');
    });
  }
}

async function foreseeEnd(run: AccountRun, order: OrderRow): Promise<void> {
  // The hooks of the order's dead owner are left alone.
  if (!(await takeOver(run, order, (owner) => isAlive(owner, run.clock.wallNow())))) return;
  const placed = await locate(run, { ...order, run_id: run.runId });
  if (placed === null) return;
  await refresh(run, await authorizationsOf(run.ledger, order.id));
  const rows = await authorizationsOf(run.ledger, order.id);
  await releaseOrder(run, order.id, orderEnd(placed.row, rows, 'resume', run.clock.now()));
}

async function holdsOne(run: AccountRun, order: OrderRow, urls: readonly string[]): Promise<boolean> {
  return (await authorizationsOf(run.ledger, order.id)).some((row) => urls.includes(row.url));
}

/**
 * @returns null where the CA has no such order, or nothing can be known of it; the error when the CA couldn't
 * be asked
 */
async function lookFor(run: AccountRun, order: OrderRow): Promise<OrderRow | AcmeLedgerError | null> {
  try {
    return (await locate(run, order))?.row ?? null;
  } catch (error) {
    run.log.warn(
      { order: order.id, error: errorRecord(error) },
      'the CA could not be asked for an order whose answer was lost; the next run tries again',
    );
    await releaseOrder(run, order.id, {});
    return failureOf(error);
  }
}

/** The authorizations to clear: rows of the ledger, and URLs that it doesn't know. */
async function subjectsOf(
  run: AccountRun,
  { urls, olderThan, turns }: ClearOptions,
): Promise<{ subjects: AsyncIterable<Subject>; total: number }> {
  if (urls.length > 0) {
    const given = await givenSubjects(run, [...new Set(urls)], turns);
    return { subjects: oneByOne(given), total: given.length };
  }
  const { ledger, account } = run;
  const createdBefore = olderThan ?? undefined;
  return {
    subjects: heldSubjects(run, createdBefore),
    total: await countPending(ledger, account.id, createdBefore),
  };
}

async function givenSubjects(
  { ledger, account }: AccountRun,
  urls: readonly string[],
  turns: ReadonlySet<number> = new Set(),
): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const url of urls) {
    const row = (await authorizationByUrl(ledger, url)) ?? null;
    const isOthers = row !== null && row.account_id !== account.id && turns.has(row.account_id);
    if (!isOthers) subjects.push({ url, row, source: 'discovered', foundIn: null });
  }
  return subjects;
}

async function* oneByOne(subjects: readonly Subject[]): AsyncGenerator<Subject> {
  yield* subjects;
}

async function* heldSubjects({ ledger, account }: AccountRun, createdBefore?: Date): AsyncGenerator<Subject> {
  for await (const row of pendingOf(ledger, account.id, createdBefore)) {
    yield { url: row.url, row, source: row.source, foundIn: null };
  }
}
