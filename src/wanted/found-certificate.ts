import { AcmeLedgerError } from '../errors.ts';
import { comparableName } from '../identifiers.ts';
import { certificateByName, listCertificates } from '../ledger/certificates/certificates.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';
import { wantedCertificate } from './wanted-certificate.ts';

const namedMost = 10;

/**
 * The certificate that a person means: by its own name, or by one of its names as they are typed, a wildcard
 * or unicode included, where no other certificate has it.
 * @throws AcmeLedgerError `not-found`; `usage` when several have the name
 */
export async function foundCertificate(ledger: Ledger, typed: string): Promise<CertificateRow> {
  const own = await certificateByName(ledger, typed);
  if (own?.removed_at === null) return own;
  const name = comparableName(typed);
  const having = (await listCertificates(ledger)).filter(({ names }) => names.includes(name));
  const [first, second] = having;
  if (first === undefined) return wantedCertificate(ledger, typed);
  if (second === undefined) return first;
  const shown = having.slice(0, namedMost).map((row) => printable(row.name));
  const more = having.length > namedMost ? ` and ${String(having.length - namedMost)} more` : '';
  throw new AcmeLedgerError(
    'usage',
    `${String(having.length)} certificates have the name ${printable(typed)}: ${shown.join(', ')}${more}`,
    { hint: `give the one that you mean, as in acme-ledger cert show ${shellWord(printable(first.name))}` },
  );
}
