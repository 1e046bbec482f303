import type { CertificateFacts } from '../../certificates/certificate.ts';
import { prepareCertificate } from '../../certificates/store.ts';
import { storedState, type StoredState } from '../../certificates/stored-state.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { accountAt } from '../../ledger/accounts.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { insertAdoptedOrder } from '../../ledger/orders/adopted-orders.ts';
import { certificateByName, type WantedCertificate } from '../../ledger/certificates/certificates.ts';
import { recordDeployed, recordStored } from '../../ledger/certificates/stored-certificates.ts';
import { recordAllWanted } from '../../ledger/certificates/wanted.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { inTransaction } from '../../ledger/writer.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';

/** A certificate that another client obtained, with its key; both have been checked. */
export interface FoundCertificate {
  chainPem: string;
  keyPem: string;
  facts: CertificateFacts;
}

/**
 * Takes a certificate of another client over: a copy in the store, wanted from now on, and in the ledger as if it had
 * been issued here, so that it is due when its life or its CA says so. Its deploy hook isn't run, because the
 * certificate is in use already. As when an issued certificate is stored, the swap of the files and their record are
 * one transaction. A run that dies within leaves files that the ledger doesn't know of; repeated, it finds these.
 * @param writer.assertLease whether this run is still alive for the others
 * @returns false when a certificate of that name is wanted already, which stays as it is
 * @throws AcmeLedgerError `usage` when it can't be taken over, `store` when its files can't be written
 */
export async function adoptFound(
  writer: LedgerWriter & { assertLease: () => Promise<unknown> },
  stateDir: string,
  wanted: WantedCertificate,
  found: FoundCertificate,
): Promise<boolean> {
  const prepared = await prepareCertificate(stateDir, wanted.name, found);
  const swap = { mayHaveBegun: false };
  try {
    await writer.assertLease();
    return await inTransaction(writer, async (tx) => {
      const state = await storedState(stateDir, wanted.name);
      if (await isWantedNow(tx.ledger, wanted.name)) return false;
      assertRoomFor(wanted.name, state, found);
      const order = await insertOrder(tx, wanted);
      await recordAllWanted(tx, [wanted], 'import');
      // Files that an earlier try left are as good.
      if (!isSame(state, found) || !hasKey(state)) {
        swap.mayHaveBegun = true;
        await prepared.swapIn();
      }
      const { storedAt } = await recordStored(tx, wanted.name, order, found.facts);
      await recordDeployed(tx, wanted.name, storedAt);
      return true;
    });
  } finally {
    if (!swap.mayHaveBegun) prepared.discard();
  }
}

/** Whether a certificate of that name should exist. */
async function isWantedNow(ledger: Ledger, name: string): Promise<boolean> {
  return (await certificateByName(ledger, name))?.removed_at === null;
}

/** @throws AcmeLedgerError `usage` when files of another certificate lie under that name */
export function assertRoomFor(name: string, state: StoredState, found: FoundCertificate): void {
  if (state.state === 'missing' || isSame(state, found)) return;
  const fault = state.state === 'there' ? "another certificate's files" : "files that can't be read";
  throw new AcmeLedgerError('usage', `the store has ${fault} under the name ${printable(name)} already`, {
    hint: `acme-ledger ledger check says what they are; or add it under another name: acme-ledger cert add --cert-name ${shellWord(printable(`${name}-2`))} …`,
  });
}

/** @throws AcmeLedgerError `usage` without an account at the certificate's CA */
export function assertAccount(hasAccount: boolean, { ca }: WantedCertificate): void {
  if (hasAccount) return;
  const shown = printable(ca);
  throw new AcmeLedgerError('usage', `there is no account at ${shown} that could renew it`, {
    hint: `acme-ledger account register --ca ${shellWord(shown)} makes one; then repeat this`,
  });
}

async function insertOrder(tx: LedgerWriter, wanted: WantedCertificate): Promise<number> {
  const account = await accountAt(tx.ledger, wanted.ca);
  assertAccount(account !== undefined, wanted);
  return insertAdoptedOrder(tx, {
    accountId: account?.id ?? 0,
    certificateName: wanted.name,
    names: wanted.names,
    profile: wanted.profile,
  });
}

function isSame(state: StoredState, { facts }: FoundCertificate): boolean {
  return state.state === 'there' && state.serial === facts.serial;
}

function hasKey(state: StoredState): boolean {
  return state.state === 'there' && state.keyFits === true;
}
