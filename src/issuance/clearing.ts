import pLimit from 'p-limit';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import {
  authorizationByUrl,
  authorizationsOf,
  insertForeignAuthorization,
  nameProven,
  pendingAuthorizations,
  recordSeen,
} from '../ledger/authorizations.ts';
import { releaseOrder } from '../ledger/orders.ts';
import { presentationsUp } from '../ledger/presentations.ts';
import type { AuthorizationRow, OrderRow } from '../ledger/schema.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import { authorizationSeen } from './authorization-seen.ts';
import { closeAuthorization } from './closing.ts';
import type { Issuance } from './issuance.ts';
import { isGone } from '../acme/problems.ts';
import { protectionOf } from './protection.ts';
import { locate, recover, unownedOrders } from './recovery.ts';
import { takeOverOrder } from './taking-over.ts';
import { isSubmitLost, isUndecided, recordGone } from './verdicts.ts';

export interface ClearOptions {
  /** Only these; all that the ledger holds open when empty. */
  urls: readonly string[];
  /** Also orders that are kept for a resume. */
  all: boolean;
  /** Only ones created before. */
  olderThan: Date | null;
  concurrency: number;
  dryRun: boolean;
}

export type ClearAction =
  | 'deactivated'
  | 'resumable'
  | 'already-final'
  | 'refused'
  | 'gone'
  | 'foreign'
  | 'failed'
  | 'would-deactivate';

/** One line of `authz clear --json`. */
export interface Cleared {
  url: string;
  identifier: string | null;
  before: string | null;
  action: ClearAction;
  after: string | null;
  reason: string | null;
}

/**
 * Settles every leak of the account (promise 2): asks the CA for the state of each authorization that the ledger holds open, deactivates
 * what is pending and unsubmitted, takes down what is presented. What a live run works on is left alone.
 * @param onResult called for each authorization as it is done
 * @returns how many answers to challenges could not be taken down
 */
export async function clear(
  issuance: Issuance,
  options: ClearOptions,
  onResult: (cleared: Cleared) => void,
  onTotal: (count: number) => void = () => undefined,
): Promise<{ stillPresented: number }> {
  const claimed = options.dryRun ? [] : await claimUnowned(issuance, options);
  try {
    const rows = await rowsToClear(issuance, options);
    onTotal(rows.length);
    const limit = pLimit(options.concurrency);
    await allOrFirstError(
      rows.map((row) =>
        limit(async () => {
          if (issuance.stops.work.aborted) return;
          onResult(await clearOne(issuance, row, options));
        }),
      ),
    );
  } finally {
    // What is left of the orders: presentations, certificates to fetch, their own states.
    let mayAsk = true;
    for (const order of claimed) {
      const isDone = issuance.stops.work.aborted || options.urls.length > 0;
      if (isDone || !mayAsk) await releaseOrder(issuance, order.id, {});
      else mayAsk = await recover(issuance, order, 'deactivate');
    }
  }
  const up = await Promise.all(claimed.map((order) => presentationsUp(issuance.ledger, order.id)));
  return { stillPresented: options.urls.length > 0 ? 0 : up.flat().length };
}

/**
 * Takes over what nobody works on, so that no other run takes it up while it is being cleared. An order whose newOrder was
 * never answered is looked for, so that its authorizations are known.
 */
async function claimUnowned(issuance: Issuance, options: ClearOptions): Promise<OrderRow[]> {
  const before = options.olderThan?.toISOString();
  const claimed: OrderRow[] = [];
  for (const order of await unownedOrders(issuance, {
    evenKept: options.all,
    exceptNamesKeys: new Set(),
  })) {
    if (before !== undefined && order.created_at >= before) continue;
    if (options.urls.length > 0 && !(await holdsOne(issuance, order, options.urls))) continue;
    const owned = await takeOverOrder(issuance, order);
    if (owned === null) continue;
    const placed = order.url === null ? await lookFor(issuance, owned) : { row: owned };
    if (placed !== null) claimed.push(placed.row);
  }
  return claimed;
}

async function holdsOne(issuance: Issuance, order: OrderRow, urls: readonly string[]): Promise<boolean> {
  return (await authorizationsOf(issuance.ledger, order.id)).some((row) => urls.includes(row.url));
}

async function lookFor(issuance: Issuance, order: OrderRow): Promise<{ row: OrderRow } | null> {
  try {
    return await locate(issuance, order);
  } catch (error) {
    issuance.log.warn(
      { order: order.id, error: errorRecord(error) },
      'the CA could not be asked for an order whose answer was lost; the next run tries again',
    );
    await releaseOrder(issuance, order.id, {});
    return null;
  }
}

/** Rows of the ledger, and URLs that it doesn't know. */
async function rowsToClear(
  issuance: Issuance,
  options: ClearOptions,
): Promise<(AuthorizationRow | string)[]> {
  if (options.urls.length > 0) {
    return Promise.all(
      [...new Set(options.urls)].map(async (url) => (await authorizationByUrl(issuance.ledger, url)) ?? url),
    );
  }
  const rows = await pendingAuthorizations(issuance.ledger, issuance.account.id);
  const before = options.olderThan?.toISOString();
  return before === undefined ? rows : rows.filter((row) => row.created_at < before);
}

async function clearOne(
  issuance: Issuance,
  subject: AuthorizationRow | string,
  options: ClearOptions,
): Promise<Cleared> {
  const known = typeof subject === 'string' ? null : subject;
  const url = typeof subject === 'string' ? subject : subject.url;
  const line = (action: ClearAction, after: string | null, reason: string | null): Cleared => ({
    url,
    identifier: known === null ? null : nameProven(known),
    before: known?.status ?? null,
    action,
    after,
    reason,
  });
  const protection = known === null ? null : await protectionOf(issuance, known, { evenKept: options.all });
  if (protection !== null) return line('resumable', known?.status ?? null, protection);
  const now = await currentState(issuance, url);
  if (now instanceof AcmeLedgerError) {
    return line(now.httpStatus === 403 ? 'foreign' : 'failed', null, now.message);
  }
  if (now === null) return line('gone', 'expired', 'the CA has forgotten it');
  const settled = await settleSeen(issuance, now, options);
  return { ...line(settled.action, settled.after, settled.reason), identifier: nameProven(now) };
}

/** What is done with one that the CA has just shown. */
async function settleSeen(
  issuance: Issuance,
  row: AuthorizationRow,
  options: ClearOptions,
): Promise<Pick<Cleared, 'action' | 'after' | 'reason'>> {
  if (row.status !== 'pending') return { action: 'already-final', after: row.status, reason: null };
  if (isUndecided(row) && !isSubmitLost(row)) {
    const reason = 'its challenge was submitted: the CA decides';
    return { action: 'resumable', after: 'pending', reason };
  }
  if (options.dryRun) return { action: 'would-deactivate', after: 'pending', reason: null };
  const { outcome, reason } = await closeAuthorization(issuance, row, { evenKept: options.all });
  if (outcome === 'held') return { action: 'resumable', after: 'pending', reason };
  const after = await authorizationByUrl(issuance.ledger, row.url);
  return { action: outcome, after: after?.status ?? null, reason };
}

/**
 * What the CA says now, recorded; null when it has forgotten the authorization (404). One that the ledger doesn't know gets its
 * row once the CA has shown it to this account.
 */
async function currentState(
  issuance: Issuance,
  url: string,
): Promise<AuthorizationRow | null | AcmeLedgerError> {
  const askedAt = issuance.clock.now();
  try {
    const answer = await issuance.session.getAuthorization(url, issuance.stops.grace);
    await insertForeignAuthorization(issuance, issuance.account.id, url, 'discovered');
    await recordSeen(issuance, [{ ...authorizationSeen(answer), askedAt }]);
    return (await authorizationByUrl(issuance.ledger, url)) ?? null;
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    if (!isGone(error)) return error;
    await recordGone(issuance, url);
    return null;
  }
}
