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
 * The run still works on the order. Asked right before something that can't be taken back: a file that is swapped in, an answer that is put up.
 * @returns the order as it is now
 * @throws AcmeLedgerError `busy` when another run took it over
 */
export async function assertOwned(run: AccountRun, orderId: number): Promise<OrderRow> {
  await run.assertLease();
  return ownedOrder(run, orderId);
}

/** Of what an order of this run asks of the CA. The session asks for the lease. */
export function orderGuard(run: AccountRun, orderId: number): Guard {
  return {
    assertAllowed: async () => {
      await ownedOrder(run, orderId);
    },
    signal: run.stops.grace,
  };
}

/** Of newOrder: after a signal nothing is begun, however long the request has waited by then. */
export function newOrderGuard(run: AccountRun, orderId: number): Guard {
  return {
    assertAllowed: async () => {
      await ownedOrder(run, orderId);
      run.stops.work.throwIfAborted();
    },
    signal: run.stops.grace,
  };
}

/** Of the submit of a challenge for an order: it is in the ledger as being submitted, and nobody is closing the authorization. */
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

/** An authorization that was to be closed is somebody's now: nothing was sent. */
export class Held extends Error {
  readonly protection: Protection;

  constructor(protection: Protection) {
    super(protection.reason);
    this.name = 'Held';
    this.protection = protection;
  }
}

/** So long ago the CA was asked for an authorization that it is looked at again before it is closed: nothing was sent. */
export class LongAgo extends Error {}

/** What the ledger says against closing an authorization, whoever works on it; null when nothing does. */
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

/** This run lost the claim by which it was to close an authorization. */
export function lostClaim(runId: string | null): Protection {
  return { reason: 'another run has taken it over', run: runId };
}

/** Whether an error says that another run works on what this one had. */
export function isTakenOver(error: unknown): error is AcmeLedgerError {
  return hasCode(error, 'busy');
}
