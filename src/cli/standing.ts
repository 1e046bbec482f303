import { readStored } from '../certificates/store.ts';
import { systemClock } from '../clock.ts';
import { identifierSetKey, parseName } from '../identifiers.ts';
import { dueOf } from '../issuance/renewing.ts';
import type { CertificateWish } from '../ledger/certificates.ts';
import { certificateByName } from '../ledger/certificates.ts';
import type { Ledger } from '../ledger/open.ts';

/**
 * Whether a certificate for the same set of names, of the same kind, is stored and isn't due: asking for another would spend
 * the CA's limits on nothing.
 */
export async function stands(ledger: Ledger, stateDir: string, wish: CertificateWish): Promise<boolean> {
  const row = await certificateByName(ledger, wish.name);
  if (row === undefined || row.removed_at !== null) return false;
  const isSame =
    row.ca === wish.ca &&
    namesKey(JSON.parse(row.names) as string[]) === namesKey(wish.names) &&
    row.key_type === wish.keyType &&
    row.profile === (wish.profile ?? '') &&
    row.preferred_chain === wish.preferredChain &&
    row.csr === (wish.csr?.toString('base64') ?? null);
  if (!isSame) return false;
  const due = dueOf(row, systemClock.now());
  if (due !== null && due.reason !== 'not-deployed') return false;
  return (await readStored(stateDir, wish.name)) !== null;
}

function namesKey(names: readonly string[]): string {
  return identifierSetKey(names.map(parseName));
}
