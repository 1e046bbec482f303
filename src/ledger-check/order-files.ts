import { ordersWithFiles, readOrderFiles, removeOrderFiles } from '../certificates/order-files.ts';
import { later } from '../clock.ts';
import type { Finding } from '../ledger/check/finding.ts';
import { findingsMax } from '../ledger/check/finding.ts';
import { appendEvents } from '../ledger/events.ts';
import { conclusionsOf, finalizedOrders } from '../ledger/orders/order-queries.ts';
import { orderById } from '../ledger/orders/orders.ts';
import type { OrderRow } from '../ledger/schema.ts';
import { shellWord } from '../shell-word.ts';
import type { FileCheck } from './file-checks.ts';
import { isFinalizedWith } from '../issuance/certificate/order-key.ts';

/** Whoever concludes an order removes its files next; if it dies before, the next run does. */
const removalMs = 86_400_000;

/** The orders that had files before the ledger was looked at, so that the order of each must be in it. */
export async function filesBefore(stateDir: string): Promise<Set<number>> {
  const ids = ordersWithFiles(stateDir);
  return new Set(ids.filter((id) => /^\d+$/.test(id)).map(Number));
}

/** Keys of orders that nobody needs any more, and of orders that the ledger doesn't know. */
export async function orderFileFindings(
  { ledger, stateDir, now }: FileCheck,
  withFiles: ReadonlySet<number>,
): Promise<Finding[]> {
  const known = await conclusionsOf(ledger, [...withFiles]);
  const finalized = await finalizedFindings({ ledger, stateDir, now });
  const before = later(now, -removalMs);
  const left = [...withFiles].flatMap((id): Finding[] => {
    const concludedAt = known.get(id);
    if (concludedAt === undefined) return [unknownFiles(id)];
    return concludedAt !== null && concludedAt < before ? [leftFiles(stateDir, id)] : [];
  });
  return [...left, ...finalized];
}

/** Orders whose certificate nobody could use, because what they were finalized with isn't there any more. */
async function finalizedFindings({ ledger, stateDir }: FileCheck): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const order of await finalizedOrders(ledger)) {
    if (findings.length === findingsMax) break;
    if (fits(stateDir, order)) continue;
    // Concluded meanwhile, its files are gone.
    const now = await orderById(ledger, order.id);
    if (now === undefined || now.concluded_at !== null || fits(stateDir, now)) continue;
    findings.push(otherFiles(now));
  }
  return findings;
}

function fits(stateDir: string, order: OrderRow): boolean {
  try {
    const files = readOrderFiles(stateDir, String(order.id));
    return files !== null && isFinalizedWith(files, order);
  } catch {
    return false; // it can't be read, so nobody can use it
  }
}

function otherFiles({ id, certificate_name: name }: OrderRow): Finding {
  return {
    code: 'order-files-differ',
    level: 'error',
    table: 'orders',
    id,
    message: `order ${id} was finalized, but orders/${id}.pem in the state directory doesn't hold the key and the CSR that it was finalized with: its certificate is of no use`,
    hint: `put the file back from a backup; without one acme-ledger renew ${shellWord(name)} gives the order up and makes another`,
  };
}

function unknownFiles(id: number): Finding {
  return {
    code: 'order-files-unknown',
    level: 'error',
    table: 'orders',
    id,
    message: `there is a key for order ${id}, which the ledger doesn't know: it is older than the state directory, and a certificate may have been issued for that key`,
    hint: `if an older ledger was put back: acme-ledger renew orders again what is missing; then delete orders/${String(id)}.pem in the state directory`,
  };
}

function leftFiles(stateDir: string, id: number): Finding {
  const code = 'order-files-left';
  return {
    code,
    level: 'error',
    table: 'orders',
    id,
    message: `the private key of order ${id} is still on disk, more than a day after the order was over`,
    hint: `delete orders/${id}.pem in the state directory`,
    async mend(writer) {
      removeOrderFiles(stateDir, String(id));
      await appendEvents(writer, [{ kind: 'mended', orderId: id, data: { code, table: 'orders', id } }]);
      return true;
    },
  };
}
