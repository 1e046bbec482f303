import { isStored } from '../certificates/store.ts';
import { systemClock } from '../clock.ts';
import { dueOf } from '../issuance/due/due.ts';
import { chooseNames, missingNames } from '../issuance/names/name-choice.ts';
import type { FailedNamePolicy } from '../policies.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import { certificateByName, isWanted } from '../ledger/certificates/certificates.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { failingByAuthority } from '../issuance/names/failing-names.ts';

/**
 * Whether a certificate for the same set of names, of the same kind, is stored and isn't due: asking for
 * another would spend the CA's limits on nothing.
 */
export async function isAlreadyIssued(
  ledger: Ledger,
  stateDir: string,
  { wanted, onFailedName }: { wanted: WantedCertificate; onFailedName: FailedNamePolicy },
): Promise<boolean> {
  const row = await certificateByName(ledger, wanted.name);
  if (row === undefined || !isWanted(row, wanted)) return false;
  const due = dueOf(row, systemClock.now());
  if (due !== null && due.reason !== 'not-deployed') return false;
  if (await lacksNames(ledger, row, onFailedName)) return false;
  return isStored(stateDir, wanted.name, wanted.csr === null);
}

/** With `drop`, only names that may be tried again now are worth an order. */
async function lacksNames(ledger: Ledger, row: CertificateRow, policy: FailedNamePolicy): Promise<boolean> {
  const missing = missingNames(row);
  if (missing.length === 0 || policy === 'fail') return missing.length > 0;
  const failing = (await failingByAuthority(ledger)).get(row.ca) ?? new Map();
  const { names } = chooseNames(row, failing, { now: systemClock.now() });
  return missing.some((name) => names.includes(name));
}
