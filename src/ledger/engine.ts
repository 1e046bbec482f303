import type { ColumnDataType, Dialect } from 'kysely';
import type { SelfCheck } from './self-check.ts';

/** What differs between the databases; everything else in src/ledger is the same SQL on all of them. */
export interface Engine {
  dialect: Dialect;
  /** Type of an `id` column that the database fills by itself. */
  idType: ColumnDataType;
  /** Whether such a column also needs `autoincrement` said. */
  idAutoIncrement: boolean;
  /** What the database can tell of itself. */
  selfCheck: SelfCheck;
}
