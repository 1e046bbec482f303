import type { SolverOptions } from '../../challenges/option-fields.ts';
import type { SolverSettings } from '../../challenges/settings.ts';
import { settingsFromOptions, solverOptionNames } from '../../challenges/solver-options.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { CertificateWish } from '../../ledger/certificates.ts';
import { printable } from '../../printable.ts';
import type { Settings } from '../settings/settings.ts';
import { plannedWish } from './planned-wish.ts';
import { badRow, certificateFields } from './row-fields.ts';
import type { RawRow } from './row-format.ts';

/** One row: what it wants, or why it can't be taken. */
export type CheckedRow = { line: number; wish: CertificateWish } | { line: number; error: AcmeLedgerError };

/** Settings are looked up again as long as there aren't more; each is a look at the disk. */
const rememberedMax = 10_000;

/**
 * Checks rows as `issue` checks its command line, and that no two are for the same certificate.
 * @param directory what relative paths in them start from
 */
export async function* checkedRows(
  rows: AsyncIterable<RawRow>,
  settings: Settings,
  directory: string,
): AsyncGenerator<CheckedRow> {
  const wishOf = wishReader(settings, directory);
  const seen = new Map<string, number>();
  for await (const { line, read } of rows) {
    try {
      const wish = wishOf(read());
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

/** Reads rows that are relative to one directory. The reader throws AcmeLedgerError with exit code 2. */
function wishReader(
  settings: Settings,
  directory: string,
): (row: Record<string, unknown>) => CertificateWish {
  const solverSettings = remembered((options) => settingsFromOptions(options, directory));
  return (row) => {
    const { names, ca, options } = certificateFields(row);
    const defaults = { ca: ca ?? settings.ca, maxPending: settings.maxPending, solverSettings };
    return plannedWish({ names, options, csr: null }, defaults).wish;
  };
}

function remembered(
  settingsOf: (options: SolverOptions) => SolverSettings,
): (options: SolverOptions) => SolverSettings {
  const known = new Map<string, SolverSettings>();
  return (options) => {
    const key = JSON.stringify(solverOptionNames.map((name) => options[name] ?? null));
    const found = known.get(key) ?? settingsOf(options);
    if (known.size >= rememberedMax) known.clear();
    known.set(key, found);
    return found;
  };
}
