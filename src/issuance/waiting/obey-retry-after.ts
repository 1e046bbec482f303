import { whileWaiting } from '../../waits.ts';
import { isOutcomeUnknown } from '../../acme/http/connection-failure.ts';
import type { Clock } from '../../clock.ts';
import { later } from '../../clock.ts';
import { hasCode } from '../../errors.ts';
import { identifierSetKey } from '../../identifiers.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import type { CaPressure } from './concurrency-level.ts';
import { heldError, holdAgainst, noteHold, refusedAgain } from '../limits/holds.ts';
import { accountWatch } from '../account/account-watch.ts';
import type { BearOptions, Outage } from './outage.ts';
import type { Asked } from '../limits/announced-limit.ts';

/** Sends a request when the CA may be asked, and tells the ledger of a limit in the CA's answer. */
export type Obey = <T>(asked: Asked, signal: AbortSignal | undefined, ask: () => Promise<T>) => Promise<T>;

/** In the middle of an order a wait of this length is always borne: giving up would cost the CA more. */
export const ownPatienceMs = 10_000;
const askedAtMost = 3;

interface ObeyOptions {
  /** How long the person allowed to wait (`--wait`), at least `ownPatienceMs`. */
  patienceMs: number;
  /** Where faults are waited out; without it they come back at once. */
  outage?: Outage;
  /** Counts the CA's refusals for now. */
  pressure?: CaPressure;
  /** See `AccountRun`. */
  overridesHoldsUntil?: Date | undefined;
}

/**
 * The way of every request of an account (promise 5: a Retry-After is obeyed by everybody who shares the
 * ledger). While the ledger holds that the CA asked for patience, a request waits if that is over soon, else
 * it isn't sent. A 429 or 503 is recorded, and the request is sent again once its time has come, if that is
 * soon. Faults of the CA are waited out by all requests together (outage.ts).
 * A request whose state has to be looked at or written again after a wait doesn't wait here: a new order, the
 * submit of a challenge, a deactivation.
 * @throws AcmeLedgerError `ca-limit` with `retryAt`, `ca-account`, `ca-outage`, and what the request throws
 */
export function createObey(writer: LedgerWriter, accountId: number, options: ObeyOptions): Obey {
  const { patienceMs, outage } = options;
  const heeding = { patienceMs, overriddenUntil: options.overridesHoldsUntil };
  const account = accountWatch(writer, accountId);
  return async (asked, signal, ask) => {
    for (let tries = 1; ; tries += 1) {
      account.assertKept();
      await waitForLeave(writer, accountId, asked, heeding, signal);
      try {
        return await (outage?.bear(asked.kind, signal, ask, bearingOf(asked)) ?? ask());
      } catch (error) {
        await account.note(error);
        const held = await noteHold(writer, accountId, asked, error);
        const waitMs = held?.retryAt === undefined ? null : msLeft(held.retryAt, writer.clock);
        if (isRefusal(error) && options.pressure !== undefined) options.pressure.refusals += 1;
        if (tries === askedAtMost || waitMs === null || waitMs > patienceMs || isSentOnce(asked))
          throw isOverriding(options, asked) && held !== null ? refusedAgain(held) : (held ?? error);
        await asAsked(waitMs, () => writer.clock.sleep(waitMs, signal));
      }
    }
  };
}

/** Whether a person has the CA asked for this order in spite of a hold. */
function isOverriding({ overridesHoldsUntil }: ObeyOptions, { kind }: Asked): boolean {
  return overridesHoldsUntil !== undefined && kind === 'newOrder';
}

/**
 * Sleeps until the CA may be asked.
 * @throws AcmeLedgerError `ca-limit` when that takes longer than the patience
 */
async function waitForLeave(
  writer: LedgerWriter,
  accountId: number,
  asked: Asked,
  { patienceMs, overriddenUntil }: { patienceMs: number; overriddenUntil: Date | undefined },
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = later(writer.clock.now(), isWaitedForByCaller(asked) ? 0 : patienceMs);
  for (;;) {
    const hold = await holdAgainst(writer, accountId, asked, { overriddenUntil });
    if (hold === null) return;
    if (hold.not_before > until) throw heldError(hold);
    const waitMs = msUntil(hold.not_before, writer.clock);
    await asAsked(waitMs, () => writer.clock.sleep(waitMs, signal));
  }
}

function asAsked(limitMs: number, act: () => Promise<void>): Promise<void> {
  return whileWaiting({ what: () => 'waiting as the CA asks (Retry-After)', limitMs }, act);
}

function msLeft(until: Date, clock: Clock): number {
  return Math.max(0, until.getTime() - clock.now().getTime());
}

/**
 * How a fault of the CA is borne for a request. A request without effect is repeated here: a read (a page of
 * a list only with the whole list), and a request that certainly wasn't sent.
 */
function bearingOf(asked: Asked): BearOptions {
  // A deactivation's guard looks again after each wait.
  if (isWaitedForByCaller(asked) && asked.kind !== 'deactivate')
    return { about: aboutOf(asked), waits: false, mayRepeat: () => false };
  return {
    waits: true,
    mayRepeat: (error) => asked.kind === 'read' || (asked.kind !== 'page' && !isOutcomeUnknown(error)),
  };
}

/** The subject that tells a request from others of its kind, by which it is known again when repeated. */
export function aboutOf(asked: Asked): unknown {
  if (asked.kind === 'newOrder') return identifierSetKey(asked.identifiers);
  return asked.kind === 'submit' ? asked.url : {};
}

/** Whether an error is a 429 or 503 that came from the CA just now. */
function isRefusal(error: unknown): boolean {
  return hasCode(error, 'ca-limit') && error.httpStatus !== undefined;
}

/**
 * Whether the caller of a request does the waiting. A request that is recorded before it is sent has its time
 * in the ledger, and an authorization to be deactivated may have found an owner meanwhile: the caller who
 * recorded or looked has to do so again. Renewal information has a time of its own.
 */
function isWaitedForByCaller(asked: Asked): boolean {
  return ['newOrder', 'submit', 'deactivate', 'renewalInfo'].includes(asked.kind);
}

function isSentOnce(asked: Asked): boolean {
  return isWaitedForByCaller(asked) || asked.kind === 'page';
}

/**
 * The time until an instant, a little longer by chance, because many runs may be waiting for the same time.
 */
function msUntil(instant: Date, clock: Clock): number {
  const ms = msLeft(instant, clock);
  return ms + Math.random() * Math.min(ms / 10, 1_000);
}
