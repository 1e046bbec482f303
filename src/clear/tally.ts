import { isTemporary } from '../error-kinds.ts';
import { type AcmeLedgerError } from '../errors.ts';
import type { ClearMethod } from './clear-method.ts';
import type { Cleared } from './clear-line.ts';
import { type ClosingCost, costOfClosing } from './closing-cost.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { knownUrls } from '../ledger/authorizations/found-urls.ts';
import { gateCount } from '../ledger/authorizations/gate-count.ts';
import { holdsOf, pendingLimit } from '../ledger/limits/holds.ts';

export interface ClearSummary {
  seen: number;
  pending: number;
  deactivated: number;
  submitted: number;
  refused: number;
  failed: number;
  gone: number;
  foreign: number;
  /** Authorizations left to other runs that work on them; not in `pending`. */
  otherRuns: number;
}

/** The open authorizations of an account, before and after: part of the last line of `authz clear --json`. */
export interface GateSeen {
  ca: string;
  account: string | null;
  pendingBefore: number;
  pendingAfter: number;
  maxPending: number;
  free: number;
  /** When the first of those that are still open expires. */
  nextExpiryAt: Date | null;
}

/** The cost that `--dry-run` shows for one account. */
export interface CostSeen extends ClosingCost {
  ca: string;
  account: string | null;
}

/** Adds up the results of the authorizations. */
export class ClearTally {
  readonly summary: ClearSummary = {
    seen: 0,
    pending: 0,
    deactivated: 0,
    submitted: 0,
    refused: 0,
    failed: 0,
    gone: 0,
    foreign: 0,
    otherRuns: 0,
  };
  /**
   * Authorizations left for later because a name has no failed validation left, or the CA asked for patience.
   */
  readonly later: { count: number; firstAt: Date | null; names: Set<string> } = {
    count: 0,
    firstAt: null,
    names: new Set(),
  };
  /** CAs that had called the account full, and may be asked for orders again. */
  readonly freed: string[] = [];
  /**
   * Authorizations left because another client may be working on them; `until` is when the last of them is an
   * hour old.
   */
  readonly young: { count: number; until: Date | null } = { count: 0, until: null };
  /** Authorizations left because their logs have no time for them, and only older ones are wanted. */
  undated = 0;
  /** The accounts, by URL, that the CA had called full. */
  readonly #full = new Set<string | null>();
  /** By account URL: how many authorizations were found open and aren't any more. */
  readonly #closed = new Map<string, number>();
  /** By account URL: authorizations that were left to other runs. */
  readonly #left = new Map<string, string[]>();
  /** By account URL: how many authorizations would be closed, by name. */
  readonly #toClose = new Map<string, Map<string, number>>();

  add(cleared: Cleared): void {
    const { action, after, account, identifier } = cleared;
    this.summary.seen += 1;
    if (cleared.otherRun !== null) this.summary.otherRuns += 1;
    else if (after === 'pending') this.summary.pending += 1;
    this.#count(action);
    if (cleared.retryAt !== null) this.#leave(cleared.retryAt, identifier);
    if (cleared.isUndated) this.undated += 1;
    if (cleared.youngUntil !== null) {
      this.young.count += 1;
      if (this.young.until === null || cleared.youngUntil > this.young.until)
        this.young.until = cleared.youngUntil;
    }
    if (account === null) return;
    if (cleared.otherRun !== null) {
      const left = this.#left.get(account) ?? [];
      left.push(cleared.url);
      this.#left.set(account, left);
    }
    if (action === 'would-deactivate' || action === 'would-submit') {
      const names = this.#toClose.get(account) ?? new Map<string, number>();
      names.set(identifier ?? '?', (names.get(identifier ?? '?') ?? 0) + 1);
      this.#toClose.set(account, names);
    }
    const wasOpen = cleared.before === 'pending' || action === 'deactivated' || action === 'submitted';
    if (wasOpen && after !== 'pending' && after !== null) {
      this.#closed.set(account, (this.#closed.get(account) ?? 0) + 1);
    }
  }

  /** Notes that the CA has called the account full: before anything is closed. */
  async noteHold({ ledger, account, clock }: AccountRun): Promise<void> {
    const holds = await holdsOf(ledger, account.id, clock.now());
    if (holds.some(({ limit_name }) => limit_name === pendingLimit)) this.#full.add(account.url);
  }

  /** How much room the gate has again, as the ledger counts. */
  async gateOf({ ledger, account, clock, maxPending }: AccountRun): Promise<GateSeen> {
    const holds = await holdsOf(ledger, account.id, clock.now());
    const isFull = holds.some(({ limit_name }) => limit_name === pendingLimit);
    if (this.#full.has(account.url) && !isFull) this.freed.push(account.ca);
    const { pending, reserved, nextExpiryAt } = await gateCount(ledger, account.id, clock.now());
    // Other runs may have closed authorizations that were left to them: these were open, too.
    const left = (await knownUrls(ledger, this.#left.get(account.url ?? '') ?? [])).authorizations;
    const closedByOthers = [...left.values()].filter(({ status }) => status !== 'pending').length;
    return {
      ca: account.ca,
      account: account.url,
      pendingBefore: pending + (this.#closed.get(account.url ?? '') ?? 0) + closedByOthers,
      pendingAfter: pending,
      maxPending,
      free: Math.max(0, maxPending - pending - reserved),
      nextExpiryAt,
    };
  }

  async costAt(run: AccountRun, method: ClearMethod): Promise<CostSeen> {
    const { ca, url } = run.account;
    const names = this.#toClose.get(url ?? '') ?? new Map<string, number>();
    return { ca, account: url, ...(await costOfClosing(run, names, method)) };
  }

  /**
   * 1 when an authorization or account failed; 75 when the CA asked to be left alone or was out of order, or
   * limits leave some for later.
   */
  exitCode(ends: readonly AcmeLedgerError[]): number {
    if (this.summary.failed > 0 || ends.some((end) => !isTemporary(end))) return 1;
    return ends.length > 0 || this.later.count > 0 ? 75 : 0;
  }

  #count(action: Cleared['action']): void {
    switch (action) {
      case 'deactivated':
      case 'submitted':
      case 'refused':
      case 'failed':
      case 'gone':
      case 'foreign':
        this.summary[action] += 1;
        break;
      case 'resumable':
      case 'already-final':
      case 'would-deactivate':
      case 'would-submit':
        break;
    }
  }

  #leave(at: Date, name: string | null): void {
    this.later.count += 1;
    if (this.later.firstAt === null || at < this.later.firstAt) this.later.firstAt = at;
    if (name !== null) this.later.names.add(name);
  }
}
