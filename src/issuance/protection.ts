import { ordersHolding } from '../ledger/order-queries.ts';
import { runsById } from '../ledger/runs.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import type { Issuance } from './issuance.ts';
import { isAlive } from './ownership.ts';

export interface ProtectionOptions {
  /** Also ones that are kept for a resume are to be closed. */
  evenKept: boolean;
  /** The order on whose behalf is asked. */
  exceptOrderId?: number;
}

/**
 * Why an authorization is to be left alone: an order of another live run holds it, or (unless `evenKept`) one that is kept for a resume.
 * One authorization can belong to several orders, because CAs reuse them (RFC 8555 §7.1.3 lets them).
 * @returns a sentence for a person, or null
 */
export async function protectionOf(
  issuance: Issuance,
  row: AuthorizationRow,
  options: ProtectionOptions,
): Promise<string | null> {
  const orders = (await ordersHolding(issuance.ledger, row.id)).filter(
    ({ id }) => id !== options.exceptOrderId,
  );
  const runs = await runsById(
    issuance.ledger,
    orders.flatMap((order) => order.run_id ?? []),
  );
  const now = issuance.clock.now();
  for (const order of orders) {
    const isOurs = order.run_id === issuance.runId;
    // Another order of this very run is being worked on unless it is the one being settled.
    const isWorkedOn = isOurs
      ? options.exceptOrderId !== undefined
      : isOwned(order.run_id, runs, issuance.clock.wallNow());
    if (isWorkedOn) return `order ${String(order.id)} is being worked on`;
    const isKept = order.kept_until !== null && order.kept_until > now.toISOString();
    if (isKept && !options.evenKept && row.refused_at === null) {
      return `kept for the next attempt until ${order.kept_until ?? ''}`;
    }
  }
  return null;
}

function isOwned(runId: string | null, runs: Awaited<ReturnType<typeof runsById>>, now: Date): boolean {
  return runId !== null && isAlive(runs.get(runId), now);
}
