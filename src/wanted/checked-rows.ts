import { AcmeLedgerError } from '../errors.ts';
import type { CertificateWish } from '../ledger/certificates/certificates.ts';
import { printable } from '../printable.ts';
import type { Settings } from '../settings/settings.ts';
import { assertAsConfigured, configuredWishes } from './configured.ts';
import { badRow, certificateFields } from '../settings/certificate-fields.ts';
import type { RawRow } from './row-format.ts';
import { wishReader } from './row-reader.ts';

/** A row: the certificate that it wants, or why it can't be taken. */
export type CheckedRow = { line: number; wish: CertificateWish } | { line: number; error: AcmeLedgerError };

/**
 * Checks rows as `issue` checks its command line, and that no two are for the same certificate.
 * @param directory what relative paths in them start from
 */
export async function* checkedRows(
  rows: AsyncIterable<RawRow>,
  settings: Settings,
  directory: string,
): AsyncGenerator<CheckedRow> {
  const wishOf = wishReader(settings, directory, true);
  const configured = configuredWishes(settings);
  const seen = new Map<string, number>();
  for await (const { line, read } of rows) {
    try {
      const wish = wishOf(certificateFields(read()));
      assertAsConfigured(configured, wish);
      const before = seen.get(wish.name);
      if (before !== undefined) throw givenTwice(wish.name, before);
      seen.set(wish.name, line);
      yield { line, wish };
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
