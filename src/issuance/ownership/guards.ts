import type { Guard } from '../../acme/session.ts';
import { type AcmeLedgerError, hasCode } from '../../errors.ts';
import { authorizationById } from '../../ledger/authorizations/authorizations.ts';
import { ownedOrder } from '../../ledger/orders/orders.ts';
import { isSubmitted } from '../../ledger/states.ts';
import { lostOwnership } from '../../ledger/writer.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import type { Protection } from './protection.ts';

/**
 * Asserts that the run still works on the order. Asked right before a step that can't be taken back: a file
 * that is swapped in, an answer that is put up.
 * @returns the order as it is now
 * @throws AcmeLedgerError `busy` when another run took the order over
 */
export async function assertOwned(run: AccountRun, orderId: number): Promise<OrderRow> {
  await run.assertLease();
  return ownedOrder(run, orderId);
}

/**
 * The guard of a request for an order: this run still owns the order. The session asserts the lease itself.
 */
export function orderGuard(run: AccountRun, orderId: number): Guard {
  return {
    assertAllowed: async () => {
      await ownedOrder(run, orderId);
    },
    signal: run.stops.grace,
  };
}

/** The guard of newOrder: after a signal nothing is begun, however long the request has waited by then. */
export function newOrderGuard(run: AccountRun, orderId: number): Guard {
  return {
    assertAllowed: async () => {
      await ownedOrder(run, orderId);
      run.stops.work.throwIfAborted();
    },
    signal: run.stops.grace,
  };
}

/**
 * The guard of a submit: the ledger has the challenge as being submitted, and nobody is closing the
 * authorization.
 */
export function submitGuard(run: AccountRun, orderId: number, authorizationId: number): Guard {
  return {
    assertAllowed: async () => {
      await ownedOrder(run, orderId);
      const row = await authorizationById(run.ledger, authorizationId);
      if (row?.status !== 'pending' || row.challenge !== 'submitting' || row.closing_run_id !== null)
        throw lostOwnership(orderId);
    },
    signal: run.stops.grace,
  };
}

/** Thrown when an authorization that was to be closed is held by another run or order: nothing was sent. */
export class Held extends Error {
  readonly protection: Protection;

  constructor(protection: Protection) {
    super(protection.reason);
    this.name = 'Held';
    this.protection = protection;
  }
}

/**
 * Thrown when the CA last showed an authorization too long ago for closing it: it is looked at again, and
 * nothing was sent.
 */
export class LongAgo extends Error {}

/** Why the state of an authorization in the ledger forbids closing it, whoever works on it; else null. */
export async function decidedMeanwhile(run: AccountRun, authorizationId: number): Promise<Protection | null> {
  const row = await authorizationById(run.ledger, authorizationId);
  if (row === undefined) return null;
  if (row.status !== 'pending') return { reason: `it is ${row.status} by now`, run: null };
  return isSubmitted(row.challenge) ? submittedMeanwhile : null;
}

export const submittedMeanwhile: Protection = {
  reason: 'its challenge was submitted meanwhile: the CA decides',
  run: null,
};

/** The protection of an authorization whose claim for closing this run has lost. */
export function lostClaim(runId: string | null): Protection {
  return { reason: 'another run has taken it over', run: runId };
}

/** Whether an error says that another run has taken over an order of this run. */
export function isTakenOver(error: unknown): error is AcmeLedgerError {
  return hasCode(error, 'busy');
}
