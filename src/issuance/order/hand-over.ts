import { errorRecord } from '../../errors.ts';
import { isLedgerFailure } from '../../ledger/ledger-failure.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import { type MadeOrder, handOver } from '../../ledger/orders/stray-orders.ts';
import type { AccountRun } from '../account-run.ts';
import { settleOrder } from './settle.ts';

/**
 * Hands an order that the CA has just made over to the run that took its intent over while this run was
 * asleep. Authorizations that the other run has no use for are brought to an end here.
 * @param error the reason why this run may not record the order
 * @returns the error to throw for `error`
 */
export async function settleTakenOver(
  run: AccountRun,
  order: OrderRow,
  made: MadeOrder,
  error: unknown,
): Promise<unknown> {
  try {
    const stray = await handOver(run, order, made);
    run.log.warn(
      { order: order.id, url: made.url, strayOrder: stray?.id ?? null },
      'another run took the order over while newOrder was on its way: what the CA has made is handed over',
    );
    if (stray === null) return error;
    const verdictsUntil = run.clock.now();
    return (await settleOrder(run, stray, { policy: 'deactivate', verdictsUntil })) ?? error;
  } catch (failure) {
    if (isLedgerFailure(failure)) return failure;
    run.log.warn({ order: order.id, error: errorRecord(failure) }, 'what the CA has made is lost');
    return failure;
  }
}
