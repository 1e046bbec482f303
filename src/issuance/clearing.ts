import pLimit from 'p-limit';
import type { ErrorRecord } from '../errors.ts';
import { AcmeLedgerError } from '../errors.ts';
import { later } from '../clock.ts';
import {
  authorizationByUrl,
  insertForeignAuthorization,
  pendingAuthorizations,
  recordSeen,
} from '../ledger/authorizations.ts';
import { ordersHolding } from '../ledger/orders.ts';
import { runsById } from '../ledger/runs.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import { isSubmitted } from '../ledger/states.ts';
import { authorizationSeen } from './authorization-seen.ts';
import type { Issuance } from './issuance.ts';
import { isAlive } from './ownership.ts';
import { isGone } from './place-order.ts';
import { settleUnowned, unownedOrders } from './recovery.ts';
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
  // What is left of their orders: presentations, intents without an answer, the orders' own states.
  if (!options.dryRun && options.urls.length === 0 && !issuance.stops.work.aborted) {
    await settleUnowned(issuance, { evenKept: options.all, exceptNamesKeys: new Set() });
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
  await adoptLostOrders(issuance, options);
  const rows = await pendingAuthorizations(issuance.ledger, issuance.account.id);
  const before = options.olderThan?.toISOString();
  return before === undefined ? rows : rows.filter((row) => row.created_at < before);
}

/** Orders whose newOrder was never answered have authorizations that the ledger has yet to learn of. */
async function adoptLostOrders(issuance: Issuance, options: ClearOptions): Promise<void> {
  if (options.dryRun) return;
  const unowned = await unownedOrders(issuance, { evenKept: true, exceptNamesKeys: new Set() });
  const others = new Set(unowned.filter((order) => order.url !== null).map((order) => order.names_key));
  if (unowned.length === others.size) return;
  await settleUnowned(issuance, { evenKept: true, exceptNamesKeys: others });
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
  if (now instanceof AcmeLedgerError) return line(now.httpStatus === 403 ? 'foreign' : 'failed', null, now.message);
  if (now === null) return line('gone', 'expired', 'the CA has forgotten it');
  if (now.status !== 'pending') return { ...line('already-final', now.status, null), identifier: now.identifier };
  if (isSubmittedNow(issuance, now.row)) {
    return { ...line('resumable', 'pending', 'its challenge was submitted: the CA decides'), identifier: now.identifier };
  }
  if (options.dryRun) return { ...line('would-deactivate', 'pending', null), identifier: now.identifier };
  const closing = await closeAuthorization(issuance, row);
  const after = await authorizationByUrl(issuance.ledger, row.url);
  return { ...line(closing, after?.status ?? null, reasonOf(after)), identifier: now.identifier };
}

/** Why an authorization is to be left alone: a live run works on it, or it waits for a resume. */
async function protectionOf(issuance: Issuance, row: AuthorizationRow, evenKept: boolean): Promise<string | null> {
  const orders = await ordersHolding(issuance.ledger, row.id);
  const runs = await runsById(issuance.ledger, orders.flatMap((order) => order.run_id ?? []));
  const now = issuance.clock.now();
  const live = orders.find((order) => order.run_id !== null && order.run_id !== issuance.runId && isAlive(runs.get(order.run_id), now));
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
async function currentState(issuance: Issuance, row: AuthorizationRow): Promise<CurrentState | null | AcmeLedgerError> {
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
