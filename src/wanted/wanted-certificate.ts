import { AcmeLedgerError } from '../errors.ts';
import { certificateByName } from '../ledger/certificates/certificates.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';

/** The row of a certificate that should exist. @throws AcmeLedgerError `not-found` */
export async function wantedCertificate(ledger: Ledger, name: string): Promise<CertificateRow> {
  const row = await certificateByName(ledger, name);
  if (row?.removed_at === null) return row;
  throw new AcmeLedgerError('not-found', `the ledger has no certificate ${printable(name)}`, {
    hint: 'acme-ledger cert list shows those that it has',
  });
}
