import { isStored } from '../certificates/store.ts';
import { systemClock } from '../clock.ts';
import { dueOf } from '../issuance/renewing.ts';
import type { CertificateWish } from '../ledger/certificates.ts';
import { certificateByName, isWanted } from '../ledger/certificates.ts';
import type { Ledger } from '../ledger/open.ts';

/**
 * Whether a certificate for the same set of names, of the same kind, is stored and isn't due: asking for another would spend
 * the CA's limits on nothing.
 */
export async function stands(ledger: Ledger, stateDir: string, wish: CertificateWish): Promise<boolean> {
  const row = await certificateByName(ledger, wish.name);
  if (row === undefined || !isWanted(row, wish)) return false;
  const due = dueOf(row, systemClock.now());
  if (due !== null && due.reason !== 'not-deployed') return false;
  return isStored(stateDir, wish.name, wish.csr === null);
}
