import pLimit from 'p-limit';
import type { ErrorRecord } from '../errors.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import { later } from '../clock.ts';
import {
  authorizationByUrl,
  insertForeignAuthorization,
  pendingAuthorizations,
  recordSeen,
} from '../ledger/authorizations.ts';
import { releaseOrder, takeOver } from '../ledger/orders.ts';
import { ordersHolding } from '../ledger/order-queries.ts';
import { runsById } from '../ledger/runs.ts';
import type { AuthorizationRow, OrderRow } from '../ledger/schema.ts';
import { isSubmitted } from '../ledger/states.ts';
import { authorizationSeen } from './authorization-seen.ts';
import type { Issuance } from './issuance.ts';
import { isAlive } from './ownership.ts';
import { isGone } from './place-order.ts';
import { locate, recover, unownedOrders } from './recovery.ts';
import { closeAuthorization } from './settle.ts';

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

/** A validation takes no longer (design §7). */
const validationMs = 60_000;

/**
 * Settles every leak of the account (promise 2): asks the CA for the state of each authorization that the ledger holds open, deactivates
 * what is pending and unsubmitted, takes down what is presented. What a live run works on is left alone.
 * @param onResult called for each authorization as it is done
 */
export async function clear(
  issuance: Issuance,
  options: ClearOptions,
  onResult: (cleared: Cleared) => void,
  onTotal: (count: number) => void = () => undefined,
): Promise<void> {
  const claimed = options.dryRun || options.urls.length > 0 ? [] : await claimUnowned(issuance, options);
  try {
    const rows = await rowsToClear(issuance, options);
    onTotal(rows.length);
    const limit = pLimit(options.concurrency);
    await Promise.all(
      rows.map((row) =>
        limit(async () => {
          if (issuance.stops.work.aborted) return;
          onResult(await clearOne(issuance, row, options));
        }),
      ),
    );
  } finally {
    // What is left of the orders: presentations, certificates to fetch, their own states.
    for (const order of claimed) {
      if (issuance.stops.work.aborted) await releaseOrder(issuance, order.id, {});
      else await recover(issuance, order, 'deactivate');
    }
  }
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
    if (!(await takeOver(issuance, order))) continue;
    const owned = { ...order, run_id: issuance.runId };
    const placed = order.url === null ? await lookFor(issuance, owned) : { row: owned };
    if (placed !== null) claimed.push(placed.row);
  }
  return claimed;
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

async function rowsToClear(issuance: Issuance, options: ClearOptions): Promise<AuthorizationRow[]> {
  if (options.urls.length > 0) {
    return Promise.all(
      [...new Set(options.urls)].map(
        async (url) =>
          (await authorizationByUrl(issuance.ledger, url)) ??
          insertForeignAuthorization(issuance, issuance.account.id, url, 'discovered'),
      ),
    );
  }
  const rows = await pendingAuthorizations(issuance.ledger, issuance.account.id);
  const before = options.olderThan?.toISOString();
  return before === undefined ? rows : rows.filter((row) => row.created_at < before);
}

async function clearOne(issuance: Issuance, row: AuthorizationRow, options: ClearOptions): Promise<Cleared> {
  const line = (action: ClearAction, after: string | null, reason: string | null): Cleared => ({
    url: row.url,
    identifier: nameOf(row),
    before: row.status,
    action,
    after,
    reason,
  });
  const protection = await protectionOf(issuance, row, options.all);
  if (protection !== null) return line('resumable', row.status, protection);
  const now = await currentState(issuance, row);
  if (now instanceof AcmeLedgerError)
    return line(now.httpStatus === 403 ? 'foreign' : 'failed', null, now.message);
  if (now === null) return line('gone', 'expired', 'the CA has forgotten it');
  if (now.status !== 'pending')
    return { ...line('already-final', now.status, null), identifier: now.identifier };
  if (isSubmittedNow(issuance, now.row)) {
    return {
      ...line('resumable', 'pending', 'its challenge was submitted: the CA decides'),
      identifier: now.identifier,
    };
  }
  if (options.dryRun) return { ...line('would-deactivate', 'pending', null), identifier: now.identifier };
  const closing = await closeAuthorization(issuance, row);
  const after = await authorizationByUrl(issuance.ledger, row.url);
  return { ...line(closing, after?.status ?? null, reasonOf(after)), identifier: now.identifier };
}

/** Why an authorization is to be left alone: a live run works on it, or it waits for a resume. */
async function protectionOf(
  issuance: Issuance,
  row: AuthorizationRow,
  evenKept: boolean,
): Promise<string | null> {
  const orders = await ordersHolding(issuance.ledger, row.id);
  const runs = await runsById(
    issuance.ledger,
    orders.flatMap((order) => order.run_id ?? []),
  );
  const now = issuance.clock.now();
  const live = orders.find(
    (order) =>
      order.run_id !== null && order.run_id !== issuance.runId && isAlive(runs.get(order.run_id), now),
  );
  if (live !== undefined) return `order ${String(live.id)} is being worked on`;
  if (evenKept || row.refused_at !== null) return null;
  const kept = orders.find((order) => order.kept_until !== null && order.kept_until > now.toISOString());
  return kept === undefined ? null : `kept for the next attempt until ${kept.kept_until ?? ''}`;
}

interface CurrentState {
  status: string;
  identifier: string;
  row: AuthorizationRow;
}

/** What the CA says now, recorded; null when it has forgotten the authorization (404). */
async function currentState(
  issuance: Issuance,
  row: AuthorizationRow,
): Promise<CurrentState | null | AcmeLedgerError> {
  try {
    const answer = await issuance.session.getAuthorization(row.url, issuance.stops.grace);
    await recordSeen(issuance, [authorizationSeen(answer)]);
    const identifier = answer.wildcard ? `*.${answer.identifier.value}` : answer.identifier.value;
    return { status: answer.status, identifier, row };
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    if (!isGone(error)) return error;
    await recordSeen(issuance, [{ url: row.url, status: 'expired', identifier: null, expiresAt: null }]);
    return null;
  }
}

/** Accepted by the CA, or sent so lately that it may be validating. */
function isSubmittedNow(issuance: Issuance, row: AuthorizationRow): boolean {
  if (!isSubmitted(row.challenge)) return false;
  if (row.challenge === 'submitted' || row.submitted_at === null) return true;
  return later(new Date(row.submitted_at), validationMs) > issuance.clock.now();
}

function nameOf(row: AuthorizationRow): string | null {
  return row.identifier === null ? null : `${row.wildcard === 1 ? '*.' : ''}${row.identifier}`;
}

function reasonOf(row: AuthorizationRow | undefined): string | null {
  if (row?.error === undefined || row.error === null) return null;
  return (JSON.parse(row.error) as ErrorRecord).message;
}
