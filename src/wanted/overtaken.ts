import { AcmeLedgerError } from '../errors.ts';
import { type WantedCertificate, isWantedAlike } from '../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';

/** A certificate as it was wanted when a command began to read; null where its row can't be read, undefined where there was none. */
export type Found = WantedCertificate | null | undefined;

/**
 * Whether another command has changed a certificate since it was read, so that what was laid over it would undo that.
 * @param now the ledger's row, read in the transaction that is about to write
 */
export function isOvertaken(
  now: CertificateRow | undefined,
  wanted: WantedCertificate,
  found: Found,
): boolean {
  if (now?.removed_at !== null || isWantedAlike(now, wanted)) return false;
  // A row that couldn't be read is written anew, whatever it holds.
  return found !== null && (found === undefined || !isWantedAlike(now, found));
}

/** The refusal of what would undo another command's change. */
export function overtakenError(certificateName: string): AcmeLedgerError {
  const name = printable(certificateName);
  return new AcmeLedgerError('busy', `another command has just changed the certificate ${name}`, {
    hint: `look what it is now, then say yours again: acme-ledger cert show ${shellWord(name)}`,
  });
}
