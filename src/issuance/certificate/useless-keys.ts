import { ordersWithFiles, removeOrderFiles } from '../../certificates/order-files.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { orderById } from '../../ledger/orders/orders.ts';

/**
 * A run that died right after it had concluded an order left the key of a certificate that is stored, or will never be: it is removed.
 * @throws AcmeLedgerError `store`
 */
export async function removeUselessKeys(ledger: Ledger, stateDir: string): Promise<void> {
  for (const id of ordersWithFiles(stateDir)) {
    const order = await orderById(ledger, Number(id));
    if (typeof order?.concluded_at === 'string') removeOrderFiles(stateDir, id);
  }
}
