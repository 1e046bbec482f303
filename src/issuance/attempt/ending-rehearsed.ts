import { provenToday } from '../../challenges/proof/ways.ts';
import { ownedOrder, releaseOrder } from '../../ledger/orders/orders.ts';
import { inTransaction } from '../../ledger/writer.ts';
import { removeUsedFiles } from '../../certificates/order-files.ts';
import { fetchOrGiveUp } from '../certificate/collect.ts';
import type { Ending } from './ending.ts';

/**
 * The ending of a rehearsal: the certificate is checked and thrown away, and the caller records a failure.
 */
export const rehearsing: Ending = {
  rehearsalOf: ({ solverRules }, { settings }, names) => provenToday(settings, names, solverRules),
  // A staging has other chains.
  preferredChainOf: () => null,
  async collect(run, certificate, order, files, download) {
    await fetchOrGiveUp(run, order, files, { preferredChain: null, download });
    await inTransaction(run, async (tx) => {
      await ownedOrder(tx, order.id);
      await releaseOrder(tx, order.id, { status: 'valid', keptUntil: null, concluded: true });
    });
    removeUsedFiles(run.stateDir, String(order.id));
    run.log.info({ order: order.id }, `${certificate.name}: its rehearsal is over`);
    return { verdict: 'ours' };
  },
  attemptOf: (_issuance, certificate, order) =>
    Promise.resolve({ status: 'issued', certificate, orderId: order.id, error: null }),
  recordFailed: () => Promise.resolve(),
};
