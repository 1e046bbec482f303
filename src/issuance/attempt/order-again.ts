import { orderById } from '../../ledger/orders/orders.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';

/**
 * Whether another order is asked for after a fault of the CA: only when the first order can't be at the CA,
 * because it wasn't sent, or was looked for and isn't there.
 * @param met the subject and the number of the faults, for `Outage.mayRepeat`
 */
export async function mayOrderAgain(
  { ledger, outage, stops }: AccountRun,
  order: OrderRow | null,
  error: unknown,
  met: { about: unknown; faults: number },
): Promise<boolean> {
  const isReleased = order === null || (await orderById(ledger, order.id))?.run_id === null;
  return isReleased && outage.mayRepeat('newOrder', error, met, stops.work);
}
