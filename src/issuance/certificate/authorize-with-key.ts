import { csrDigest } from '../../certificates/order-files.ts';
import type { OrderFiles } from '../../certificates/order-files.ts';
import { parseProof } from '../../challenges/proof/proof.ts';
import { wayOf } from '../../challenges/proof/ways.ts';
import { recordFinalizeSent } from '../../ledger/orders/orders.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import { authorize } from '../order/authorize.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { orderKey } from './order-key.ts';

export interface Authorized {
  authorized: PlacedOrder;
  files: OrderFiles;
  /** Whether the ledger holds already that finalize is being sent, the next step once the key is on disk. */
  isFinalizeRecorded: boolean;
}

/** Authorizes the order, and makes its key while the CA validates. */
export async function authorizeAndMakeKey(
  run: AccountRun,
  certificate: CertificateRow,
  placed: PlacedOrder,
): Promise<Authorized> {
  const proof = parseProof(certificate.settings);
  const givenUp = new AbortController();
  const key: { making: Promise<OrderFiles> | null; made: OrderFiles | null } = { making: null, made: null };
  let isFinalizeRecorded = false;
  const makeKey = (): Promise<OrderFiles> =>
    (key.making ??= orderKey(run, certificate, placed.row, givenUp.signal).then((files) => {
      key.made = files;
      return files;
    }));
  try {
    const authorized = await authorize(run, placed, (name) => wayOf(proof, name, run.solverRules).settings, {
      onWaiting() {
        makeKey().catch(() => undefined); // the key is awaited below, where its failure counts
      },
      async alsoRecord(writer, { status }) {
        if (key.made === null || status !== 'ready') return;
        await recordFinalizeSent(writer, placed.row.id, csrDigest(key.made));
        isFinalizeRecorded = true;
      },
    });
    return { authorized, files: await makeKey(), isFinalizeRecorded };
  } catch (error) {
    // Settling removes the order's files: none may be written behind it.
    givenUp.abort();
    await key.making?.catch(() => undefined);
    throw error;
  }
}
