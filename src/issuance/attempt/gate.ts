import type { Life } from '../../bounded-wait.ts';
import { later, timeText } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { whileWaiting } from '../../waits.ts';
import { waitText } from './gate-wait.ts';
import type { Identifier } from '../../identifiers.ts';
import { identifierSetKey } from '../../identifiers.ts';
import type { GateCount } from '../../ledger/authorizations/gate-count.ts';
import { gateCount, lockGate } from '../../ledger/authorizations/gate-count.ts';
import { insertIntent, liveOrderFor } from '../../ledger/orders/intents.ts';
import { takeOver } from '../../ledger/orders/order-ownership.ts';
import type { HoldRow, OrderRow, RunRow } from '../../ledger/schema.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { inTransaction } from '../../ledger/writer.ts';
import { heldError, holdAgainst } from '../limits/holds.ts';
import type { Charge, Shortage } from '../limits/charges.ts';
import type { Places } from '../waiting/concurrency-level.ts';
import type { AccountRun } from '../account-run.ts';
import type { AdmittedOrder } from '../placed-order.ts';
import { freeAt, shortageError } from '../limits/limit-words.ts';
import { isAlive } from '../ownership/lease.ts';
import { settleUnowned } from '../order/unowned-orders.ts';
import { costOf, domainsToCount, spend } from '../limits/spending.ts';
import { endOrphans } from '../ownership/taking-over.ts';

/** A request to the gate to let one order through. */
export interface Admission {
  certificateName: string;
  identifiers: readonly Identifier[];
  profile: string | null;
  /** The certificate that the new one takes the place of (RFC 9773 §5). */
  replaces?: string | null;
  /** The solver's settings when the order is a rehearsal, whose certificate isn't kept. */
  rehearsal?: object | null;
  /**
   * Whether the suggested window of the replaced certificate (RFC 9773 §4.2) is known and open now: then most
   * limits don't count.
   */
  isInWindow?: boolean;
  /** Leaves the reserve of new orders to orders that a person waits for. */
  leavesReserve?: boolean;
  /**
   * The life of the stored certificate, past which no wait goes that the CA asks for; null if none is stored.
   */
  life?: Life | null;
  /** How long to wait for room, or for the time before which the CA won't be asked; 0: not at all. */
  waitMs: number;
  /** Where several certificates are worked on: lends this one's place to another while the CA takes its time. */
  whileWaiting?: Places['lend'] | undefined;
}

/**
 * An order whose answer never comes may have opened authorizations that live this long: Let's Encrypt's
 * `classic`, the longest known.
 */
const longestPendingLifeMs = 7 * 86_400_000;
/** The pause between tries for room: long enough for forty hosts on one ledger, short beside a validation. */
const askAgainMs = 500;
/** The pause between tries while waiting for a limit of the CA, which comes back slowly. */
const limitAgainMs = 5_000;
/** Settling old orders costs requests, so an attempt that waits for room does it only this often. */
const makeRoomEveryMs = 15_000;

type Verdict =
  | { outcome: 'admitted'; order: OrderRow; charges: readonly Charge[] }
  | { outcome: 'taken-up'; order: OrderRow; from: string | null }
  | { outcome: 'busy'; order: OrderRow }
  | { outcome: 'held'; hold: HoldRow }
  | { outcome: 'limit'; shortage: Shortage }
  | { outcome: 'full'; count: GateCount };

/**
 * Lets one order through. When this returns, the order's intent is in the ledger and its authorizations are
 * reserved, or this run owns the order that an earlier attempt left for the same names.
 * @throws AcmeLedgerError `gate-too-small`, `gate-full`, `busy`; `ca-limit` when the CA told a run of this
 *   ledger to come back later, or one of the CA's limits is used up by what the ledger has counted
 */
export async function admit(run: AccountRun, admission: Admission): Promise<AdmittedOrder> {
  assertEverFits(admission.identifiers.length, run.maxPending);
  const deadline = later(run.clock.now(), admission.waitMs);
  const domains = await domainsToCount(run.limits, admission.identifiers);
  const seen: { verdict: Verdict | null } = { verdict: null };
  const limitMs = admission.waitMs;
  return whileWaiting({ what: () => waitText(seen.verdict, run.maxPending), limitMs }, () =>
    admitted(run, admission, { deadline, domains, seen }),
  );
}

interface Admitting {
  deadline: Date;
  domains: Awaited<ReturnType<typeof domainsToCount>>;
  /** The last verdict, for whoever looks on. */
  seen: { verdict: Verdict | null };
}

async function admitted(
  run: AccountRun,
  admission: Admission,
  { deadline, domains, seen }: Admitting,
): Promise<AdmittedOrder> {
  let roomMadeAt = 0;
  for (;;) {
    const verdict = await tryOnce(run, admission, domains);
    seen.verdict = verdict;
    if (verdict.outcome === 'admitted')
      return { order: verdict.order, isNew: true, charges: verdict.charges };
    if (verdict.outcome === 'taken-up') {
      await endOrphans(run, verdict.from);
      return { order: verdict.order, isNew: false, charges: [] };
    }
    const now = run.clock.now();
    if (verdict.outcome === 'full' && now.getTime() - roomMadeAt >= makeRoomEveryMs) {
      roomMadeAt = now.getTime();
      if (await makeRoom(run, admission)) continue;
    }
    if (now >= deadline || notBefore(verdict, now) > deadline) throw refusal(run, admission, verdict);
    // A limit has room again at a known time, or earlier when an order that holds a token of it ends without
    // a certificate.
    const restMs = verdict.outcome === 'limit' ? Math.min(verdict.shortage.waitMs, limitAgainMs) : 0;
    const sleepMs = Math.max(askAgainMs, restMs) * (0.75 + Math.random() / 2);
    await run.clock.sleep(sleepMs, run.stops.work);
  }
}

/** The time before which there is no use in asking again. */
function notBefore(verdict: Verdict, now: Date): Date {
  if (verdict.outcome === 'held') return verdict.hold.not_before;
  return verdict.outcome === 'limit' ? freeAt(verdict.shortage, now) : now;
}

/**
 * Settles orders that nobody owns, the oldest first, until there is room. @returns whether any was settled
 */
async function makeRoom(run: AccountRun, { identifiers, whileWaiting }: Admission): Promise<boolean> {
  const { closed, forLater } = await settleUnowned(run, {
    includeKept: true,
    skipNamesKeys: new Set(),
    isEnough: async () => {
      const count = await gateCount(run.ledger, run.account.id, run.clock.now());
      return count.pending + count.reserved + identifiers.length <= run.maxPending;
    },
    whileWaiting,
  });
  run.forLater?.push(...forLater);
  return closed > 0;
}

async function tryOnce(run: AccountRun, admission: Admission, domains: readonly string[]): Promise<Verdict> {
  return inTransaction(run, async (writer) => {
    await lockGate(writer, run.account.id);
    const namesKey = identifierSetKey(admission.identifiers);
    const profile = admission.profile ?? '';
    const live = await liveOrderFor(writer.ledger, run.account.id, namesKey, profile);
    if (live !== undefined) return takeUp(writer, live);
    const { identifiers, replaces, life = null } = admission;
    const { overridesHoldsUntil: overriddenUntil } = run;
    const asked = { kind: 'newOrder', identifiers, replaces } as const;
    const hold = await holdAgainst(writer, run.account.id, asked, { life, overriddenUntil });
    if (hold !== null) return { outcome: 'held', hold };
    const { charges, shortage } = await costOf(writer, run.account, {
      identifiers: admission.identifiers,
      domains,
      replacesInWindow: (admission.replaces ?? null) !== null && admission.isInWindow === true,
      leavesReserve: admission.leavesReserve === true,
    });
    // The count is a guess at the CA's answer: a person who has it asked gets the answer itself.
    if (shortage !== null && overriddenUntil === undefined) return { outcome: 'limit', shortage };
    const count = await gateCount(writer.ledger, run.account.id, writer.clock.now());
    if (count.pending + count.reserved + admission.identifiers.length > run.maxPending) {
      return { outcome: 'full', count };
    }
    const order = await insertIntent(writer, {
      accountId: run.account.id,
      certificateName: admission.certificateName,
      names: admission.identifiers.map((identifier) => identifier.value),
      namesKey,
      profile,
      replaces: admission.replaces ?? null,
      rehearsal: admission.rehearsal ?? null,
      reservedUntil: later(writer.clock.now(), longestPendingLifeMs),
    });
    await spend(writer, order.id, charges);
    return { outcome: 'admitted', order, charges };
  });
}

/** An interrupted order is resumed, not replaced (promise 4); its authorizations are counted already. */
async function takeUp(writer: LedgerWriter, order: OrderRow): Promise<Verdict> {
  // The owner may be this very run, for another certificate with these names, say with another kind of key.
  const isOwnerAlive = (owner: RunRow | undefined): boolean => isAlive(owner, writer.clock.wallNow());
  if (!(await takeOver(writer, order, isOwnerAlive))) return { outcome: 'busy', order };
  return { outcome: 'taken-up', order: { ...order, run_id: writer.runId }, from: order.run_id };
}

/** Asserts that the gate can ever let so many names through. @throws AcmeLedgerError `gate-too-small` */
export function assertEverFits(names: number, maxPending: number): void {
  if (names <= maxPending) return;
  throw new AcmeLedgerError(
    'gate-too-small',
    `the order has ${String(names)} names, but the gate lets only ${String(maxPending)} authorizations be open at once`,
    { hint: `give --max-pending ${String(names)} or more, or split the certificate` },
  );
}

function refusal(run: AccountRun, admission: Admission, verdict: Verdict): AcmeLedgerError {
  if (verdict.outcome === 'held') return heldError(verdict.hold, { order: orderOf(admission) });
  if (verdict.outcome === 'limit') return shortageError(verdict.shortage, run.clock.now());
  if (verdict.outcome !== 'full') {
    return new AcmeLedgerError('busy', 'another run is working on an order for the same names', {
      hint: 'wait for it to end, or give --wait 5m; acme-ledger order list shows it',
    });
  }
  return gateFullError(admission.identifiers.length, verdict.count, {
    maxPending: run.maxPending,
    now: run.clock.now(),
  });
}

/** The error for an order that the gate has no room for; nothing was sent. */
export function gateFullError(
  names: number,
  count: GateCount,
  { maxPending, now }: { maxPending: number; now: Date },
): AcmeLedgerError {
  return new AcmeLedgerError(
    'gate-full',
    `no room for ${String(names)} more: ${countText(count, maxPending)}`,
    {
      hint: 'nothing was sent; try again later, give --wait 10m, or see acme-ledger authz list --status pending',
      retryAt: later(now, 60_000),
    },
  );
}

function orderOf({ identifiers, certificateName }: Admission) {
  return { names: identifiers.map(({ value }) => value), certificateName };
}

function countText(count: GateCount, maxPending: number): string {
  const open = `${String(count.pending)} authorizations are open and ${String(count.reserved)} reserved, of ${String(maxPending)} that may be`;
  const since = count.oldestPendingAt === null ? '' : `, the oldest since ${timeText(count.oldestPendingAt)}`;
  const lost =
    count.lost === 0
      ? ''
      : `; ${String(count.lost)} of those reserved may have been opened by orders that the CA never answered: counted until its list of orders shows them or rules them out, for a week where it has none`;
  const expiry =
    count.nextExpiryAt === null ? '' : `, at the latest when it expires at ${timeText(count.nextExpiryAt)}`;
  return `${open}${since}${lost}; the next one is free when a running order ends${expiry}`;
}
