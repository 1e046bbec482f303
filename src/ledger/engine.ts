import type { ColumnDataType, Dialect } from 'kysely';
import type { AcmeLedgerError } from '../errors.ts';
import type { SelfCheck } from './self-check.ts';

/**
 * The parts that differ between the databases; everything else in src/ledger is the same SQL on all of them.
 */
export interface Engine {
  dialect: Dialect;
  /** Type of an `id` column that the database fills by itself. */
  idType: ColumnDataType;
  /** Whether such a column also needs `autoincrement` said. */
  idAutoIncrement: boolean;
  /** The checks that the database makes of itself. */
  selfCheck: SelfCheck;
  /** Whether an error says that a table isn't there: nothing has ever made this database a ledger. */
  isMissingTable(error: unknown): boolean;
  /** An error while the ledger at `place` was opened, in words for a person. */
  openingError(error: unknown, place: string): AcmeLedgerError;
}
