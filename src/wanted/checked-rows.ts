import { AcmeLedgerError } from '../errors.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import { printable } from '../printable.ts';
import type { Settings } from '../settings/settings.ts';
import { assertAsConfigured, configuredCertificates } from './configured.ts';
import { badRow, certificateFields } from '../settings/certificate-fields.ts';
import type { Found } from './overtaken.ts';
import type { RawRow } from './row-format.ts';
import { rowReader } from './row-reader.ts';

/** A row: the certificate that it wants, or why it can't be taken. */
export type CheckedRow = GoodRow | { line: number; error: AcmeLedgerError };

export interface GoodRow {
  line: number;
  wanted: WantedCertificate;
  found: Found;
}

/**
 * Checks rows as `issue` checks its command line, and that no two are for the same certificate.
 * @param directory what relative paths in them start from
 * @param existing the certificates that are wanted already, by name, null for one that can't be read; asked for with
 * the first row
 */
export async function* checkedRows(
  rows: AsyncIterable<RawRow>,
  settings: Settings,
  directory: string,
  existing: () => Promise<ReadonlyMap<string, WantedCertificate | null>>,
): AsyncGenerator<CheckedRow> {
  const wantedOf = rowReader(settings, directory, true);
  const configured = configuredCertificates(settings);
  const seen = new Map<string, number>();
  for await (const { line, read } of rows) {
    const known = await existing();
    try {
      const wanted = wantedOf(certificateFields(read()), known);
      assertAsConfigured(configured, wanted);
      const before = seen.get(wanted.name);
      if (before !== undefined) throw givenTwice(wanted.name, before);
      seen.set(wanted.name, line);
      yield { line, wanted, found: known.get(wanted.name) };
    } catch (error) {
      if (!(error instanceof AcmeLedgerError)) throw error;
      yield { line, error };
    }
  }
}

function givenTwice(name: string, line: number): AcmeLedgerError {
  return badRow(
    `line ${line} has a certificate ${printable(name)} already`,
    'leave one out, or give it another name',
  );
}
