import { isOutcomeUnknown } from '../../acme/http/connection-failure.ts';
import type { Answer } from '../../acme/objects/resources.ts';
import type { Guard, Session } from '../../acme/session.ts';
import type { Clock } from '../../clock.ts';
import { later } from '../../clock.ts';
import { hasCode } from '../../errors.ts';
import { identifierSetKey } from '../../identifiers.ts';
import { isLedgerFailure } from '../../ledger/ledger-failure.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import type { CaPressure } from '../waiting/concurrency-level.ts';
import { heldError, holdAgainst, noteHold } from './holds.ts';
import { accountWatch } from '../account/account-watch.ts';
import type { BearOptions, Outage } from '../waiting/outage.ts';
import type { Asked } from './announced-limit.ts';

/** Asks the CA when it may be asked, and tells the ledger what it answers about that. */
export type Obey = <T>(asked: Asked, signal: AbortSignal | undefined, ask: () => Promise<T>) => Promise<T>;

/** In the middle of an order so much is waited for in any case: giving it up would cost the CA more. */
export const ownPatienceMs = 10_000;
const askedAtMost = 3;

/**
 * Every request of an account goes through here (promise 5: a Retry-After is obeyed by everybody who shares the ledger). While the
 * ledger holds that the CA asked for patience, a request waits if that is over soon, else it isn't sent; a 429 or 503 is written down
 * and asked again once its time has come, if that is soon. Faults of the CA are waited out by all requests together (outage.ts).
 * @param options.patienceMs what the person allowed to wait for (`--wait`), at least `ownPatienceMs`; what has to be looked at or written
 *   again after a wait isn't waited for here: a new order, the submit of a challenge, a deactivation
 * @param options.outage where faults are waited out; without it they come back at once
 * @param options.pressure counts what the CA refuses for now
 * @throws AcmeLedgerError `ca-limit` with `retryAt`, `ca-account`, `ca-outage`, and what the request throws
 */
export function createObey(
  writer: LedgerWriter,
  accountId: number,
  options: { patienceMs: number; outage?: Outage; pressure?: CaPressure },
): Obey {
  const { patienceMs, outage } = options;
  const account = accountWatch(writer, accountId);
  return async (asked, signal, ask) => {
    for (let tries = 1; ; tries += 1) {
      account.assertKept();
      await waitForLeave(writer, accountId, asked, patienceMs, signal);
      try {
        return await (outage?.bear(asked.kind, signal, ask, bearingOf(asked)) ?? ask());
      } catch (error) {
        await account.note(error);
        const held = await noteHold(writer, accountId, asked, error);
        const waitMs = held?.retryAt === undefined ? null : msLeft(held.retryAt, writer.clock);
        if (isRefusal(error) && options.pressure !== undefined) options.pressure.refusals += 1;
        if (tries === askedAtMost || waitMs === null || waitMs > patienceMs || isSentOnce(asked))
          throw held ?? error;
        await writer.clock.sleep(waitMs, signal);
      }
    }
  };
}

/** Sleeps until the CA may be asked. @throws AcmeLedgerError `ca-limit` when that takes longer than the patience */
async function waitForLeave(
  writer: LedgerWriter,
  accountId: number,
  asked: Asked,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = later(writer.clock.now(), isWaitedForByCaller(asked) ? 0 : patienceMs);
  for (;;) {
    const hold = await holdAgainst(writer, accountId, asked);
    if (hold === null) return;
    if (new Date(hold.not_before) > until) throw heldError(hold);
    await writer.clock.sleep(msUntil(hold.not_before, writer.clock), signal);
  }
}

function msLeft(until: Date, clock: Clock): number {
  return Math.max(0, until.getTime() - clock.now().getTime());
}

/** What had no effect is repeated here: a read (a page of a list only with the whole of it), and what certainly wasn't sent. */
function bearingOf(asked: Asked): BearOptions {
  // A deactivation's guard looks again after each wait.
  if (isWaitedForByCaller(asked) && asked.kind !== 'deactivate')
    return { about: aboutOf(asked), waits: false, mayRepeat: () => false };
  return {
    waits: true,
    mayRepeat: (error) => asked.kind === 'read' || (asked.kind !== 'page' && !isOutcomeUnknown(error)),
  };
}

/** What tells a request from others of its kind, so that it is known again when its caller repeats it. */
export function aboutOf(asked: Asked): unknown {
  if (asked.kind === 'newOrder') return identifierSetKey(asked.identifiers);
  return asked.kind === 'submit' ? asked.url : {};
}

/** A 429 or 503 that came from the CA just now. */
function isRefusal(error: unknown): boolean {
  return hasCode(error, 'ca-limit') && error.httpStatus !== undefined;
}

/**
 * What is written down before it is sent has its time in the ledger, and what is to be deactivated may have found an owner meanwhile: who
 * wrote or looked does the waiting. Renewal information has a time of its own.
 */
function isWaitedForByCaller(asked: Asked): boolean {
  return ['newOrder', 'submit', 'deactivate', 'renewalInfo'].includes(asked.kind);
}

function isSentOnce(asked: Asked): boolean {
  return isWaitedForByCaller(asked) || asked.kind === 'page';
}

/** Not all at the same moment: many runs may be waiting for the same time. */
function msUntil(instant: string, clock: Clock): number {
  const ms = Math.max(0, Date.parse(instant) - clock.now().getTime());
  return ms + Math.random() * Math.min(ms / 10, 1_000);
}

/**
 * A session whose every request heeds what the CA told any run on the ledger.
 * @param assertLease of the run: what ends or spends something is sent only while it holds (src/issuance/ownership/lease.ts)
 */
export function obeyingSession(session: Session, obey: Obey, assertLease: () => Promise<void>): Session {
  const fenced = (guard: Guard): Guard => ({
    ...guard,
    assertAllowed: async () => {
      await assertLease();
      await guard.assertAllowed();
    },
  });
  // What a run that can't write its ledger any more leaves open is closed all the same (promise 1): its guard decides.
  const closing = (guard: Guard): Guard => ({
    ...guard,
    assertAllowed: async () => {
      await assertLease().catch((error: unknown) => {
        if (!isLedgerFailure(error)) throw error;
      });
      await guard.assertAllowed();
    },
  });
  const read = <T>(signal: AbortSignal | undefined, ask: () => Promise<Answer<T>>) =>
    obey({ kind: 'read' }, signal, ask);
  const act = <T>(signal: AbortSignal | undefined, ask: () => Promise<T>) =>
    obey({ kind: 'act' }, signal, ask);
  return {
    get directory() {
      return session.directory;
    },
    get account() {
      return session.account;
    },
    keyAuthorization: session.keyAuthorization,
    close: session.close,
    updateContact: (email, signal) => act(signal, () => session.updateContact(email, signal)),
    ping: (signal) => session.ping(signal),
    register: (registration, signal) =>
      obey({ kind: 'newAccount' }, signal, () => session.register(registration, signal)),
    findAccount: (signal) => obey({ kind: 'newAccount' }, signal, () => session.findAccount(signal)),
    newOrder: (order, guard) =>
      obey({ kind: 'newOrder', identifiers: order.identifiers, replaces: order.replaces }, guard.signal, () =>
        session.newOrder(order, fenced(guard)),
      ),
    getOrder: (url, signal) => read(signal, () => session.getOrder(url, signal)),
    getAuthorization: (url, signal) => read(signal, () => session.getAuthorization(url, signal)),
    getResource: (url, signal) => obey({ kind: 'read' }, signal, () => session.getResource(url, signal)),
    submitChallenge: (url, guard) =>
      obey({ kind: 'submit', url }, guard.signal, () => session.submitChallenge(url, fenced(guard))),
    deactivateAuthorization: (url, guard) =>
      obey({ kind: 'deactivate' }, guard.signal, () => session.deactivateAuthorization(url, closing(guard))),
    finalize: (finalizeUrl, orderUrl, csrDer, guard) =>
      act(guard.signal, () => session.finalize(finalizeUrl, orderUrl, csrDer, fenced(guard))),
    downloadChains: (url, options, signal) =>
      obey({ kind: 'read' }, signal, () => session.downloadChains(url, options, signal)),
    listOrders: (signal) => obey({ kind: 'read' }, signal, () => listedOrders(session, obey, signal)),
    revokeCertificate: (der, reason, guard) =>
      act(guard.signal, () => session.revokeCertificate(der, reason, fenced(guard))),
  };
}

/** The list comes in pages, each a request. One that failed ends the list: what asked for it must not take it for the last. */
async function listedOrders(
  session: Session,
  obey: Obey,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<string> | null> {
  const urls = await session.listOrders(signal);
  if (urls === null) return null;
  const iterator = urls[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => obey({ kind: 'page' }, signal, () => iterator.next()),
    }),
  };
}
