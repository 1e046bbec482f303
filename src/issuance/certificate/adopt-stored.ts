import { readStored } from '../../certificates/store.ts';
import { storedState } from '../../certificates/stored-state.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import { accountAt } from '../../ledger/accounts.ts';
import { insertAdoptedOrder } from '../../ledger/orders/adopted-orders.ts';
import type { WantedCertificate } from '../../ledger/certificates/certificates.ts';
import { recordDeployed, recordStored } from '../../ledger/certificates/stored-certificates.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { inTransaction } from '../../ledger/writer.ts';

/**
 * Adopts the certificate that lies on disk under the name of one that is wanted now, where it is as wanted: an older
 * ledger was put back, and a new order would spend the CA's limits on nothing. Its deploy hook is run by the
 * next renewal.
 * @returns until when the certificate is valid; null when there is none that fits
 */
export async function adoptStored(
  writer: LedgerWriter,
  stateDir: string,
  wanted: WantedCertificate,
): Promise<Date | null> {
  const account = await accountAt(writer.ledger, wanted.ca);
  const state = await storedState(stateDir, wanted.name);
  const stored = state.state === 'there' ? await readStored(stateDir, wanted.name).catch(() => null) : null;
  if (account === undefined || state.state !== 'there' || stored === null) return null;
  const isWanted =
    keyOf(stored.names) === keyOf(wanted.names) &&
    (wanted.csr === null
      ? state.keyFits === true && stored.keyType === wanted.keyType
      : state.keyFits === null) &&
    stored.notAfter > writer.clock.now() &&
    stored.serial === state.serial;
  if (!isWanted) return null;
  await inTransaction(writer, async (tx) => {
    const order = {
      accountId: account.id,
      certificateName: wanted.name,
      names: wanted.names,
      profile: wanted.profile,
    };
    const { storedAt, deployHook } = await recordStored(
      tx,
      wanted.name,
      await insertAdoptedOrder(tx, order),
      stored,
    );
    if (deployHook === null) await recordDeployed(tx, wanted.name, storedAt);
  });
  return stored.notAfter;
}

function keyOf(names: readonly string[]): string {
  return identifierSetKey(names.map(parseName));
}
