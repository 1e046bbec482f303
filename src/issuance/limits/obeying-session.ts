import type { Answer } from '../../acme/objects/resources.ts';
import type { Guard, Session } from '../../acme/session.ts';
import { isLedgerFailure } from '../../ledger/ledger-failure.ts';
import type { Obey } from '../waiting/obey-retry-after.ts';

/**
 * A session whose every request heeds the limits that the CA told any run on the ledger.
 * @param assertLease of the run: requests that end or spend something are sent only while the lease holds
 *   (src/issuance/ownership/lease.ts)
 */
export function obeyingSession(session: Session, obey: Obey, assertLease: () => Promise<void>): Session {
  const fenced = (guard: Guard): Guard => ({
    ...guard,
    assertAllowed: async () => {
      await assertLease();
      await guard.assertAllowed();
    },
  });
  // A run that can't write its ledger any more closes authorizations all the same (promise 1): the guard
  // decides.
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
    deactivateAccount: (guard) => act(guard.signal, () => session.deactivateAccount(fenced(guard))),
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

/**
 * The list of orders, whose every page is a request. A page that failed ends the list: its reader must not
 * take the page before for the last.
 */
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
