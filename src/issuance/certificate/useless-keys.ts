import { ordersWithFiles, removeOrderFiles } from '../../certificates/order-files.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { orderById } from '../../ledger/orders/orders.ts';

/**
 * Removes the keys of concluded orders, left by runs that died right after they had concluded them: their
 * certificates are stored, or will never be.
 * @throws AcmeLedgerError `store`
 */
export async function removeUselessKeys(ledger: Ledger, stateDir: string): Promise<void> {
  for (const id of ordersWithFiles(stateDir)) {
    const order = await orderById(ledger, Number(id));
    if (order !== undefined && order.concluded_at !== null) removeOrderFiles(stateDir, id);
  }
}
