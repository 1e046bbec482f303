import { readStored } from '../../certificates/store.ts';
import { storedState } from '../../certificates/stored-state.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import { accountAt } from '../../ledger/accounts.ts';
import { insertAdoptedOrder } from '../../ledger/orders/adopted-orders.ts';
import type { CertificateWish } from '../../ledger/certificates/certificates.ts';
import { recordDeployed, recordStored } from '../../ledger/certificates/stored-certificates.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { inTransaction } from '../../ledger/writer.ts';

/**
 * Adopts the certificate that lies on disk under the name of a new wish, where it fits the wish: an older
 * ledger was put back, and a new order would spend the CA's limits on nothing. Its deploy hook is run by the
 * next renewal.
 * @returns until when the certificate is valid; null when there is none that fits
 */
export async function adoptStored(
  writer: LedgerWriter,
  stateDir: string,
  wish: CertificateWish,
): Promise<Date | null> {
  const account = await accountAt(writer.ledger, wish.ca);
  const state = await storedState(stateDir, wish.name);
  const stored = state.state === 'there' ? await readStored(stateDir, wish.name).catch(() => null) : null;
  if (account === undefined || state.state !== 'there' || stored === null) return null;
  const isWanted =
    keyOf(stored.names) === keyOf(wish.names) &&
    (wish.csr === null
      ? state.keyFits === true && stored.keyType === wish.keyType
      : state.keyFits === null) &&
    stored.notAfter > writer.clock.now() &&
    stored.serial === state.serial;
  if (!isWanted) return null;
  await inTransaction(writer, async (tx) => {
    const order = {
      accountId: account.id,
      certificateName: wish.name,
      names: wish.names,
      profile: wish.profile,
    };
    const { storedAt, deployHook } = await recordStored(
      tx,
      wish.name,
      await insertAdoptedOrder(tx, order),
      stored,
    );
    if (deployHook === null) await recordDeployed(tx, wish.name, storedAt);
  });
  return stored.notAfter;
}

function keyOf(names: readonly string[]): string {
  return identifierSetKey(names.map(parseName));
}
