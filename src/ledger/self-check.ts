import type { QueryExecutorProvider, RawBuilder } from 'kysely';

/** Questions of `ledger check` to a database, in the database's own language. */
export interface SelfCheck {
  /** Begins a transaction that sees one state from here on and keeps nobody from writing. */
  snapshot: string;
  /** The faults of the file, in the database's words. */
  faults(ledger: QueryExecutorProvider): Promise<SelfFault[]>;
  /** Rows that refer to rows that aren't there. */
  orphans(ledger: QueryExecutorProvider): Promise<Orphan[]>;
  /** The tables with their columns and the indexes, described by name. */
  shape(ledger: QueryExecutorProvider): Promise<Map<string, SchemaPart>>;
  /** Whether a column holds JSON with this at its top; null counts as yes. */
  isJson(column: string, top: 'array' | 'object' | 'any'): RawBuilder<boolean>;
  /** Whether a column looks like an instant; null counts as yes. */
  isInstant(column: string): RawBuilder<boolean>;
  /** The command that saves what can be read of a damaged ledger. */
  salvageCommand(place: string): string;
  /** The command that runs this SQL on the ledger. */
  runCommand(place: string, text: string): string;
}

export interface SelfFault {
  /**
   * `damage`: the file can't be trusted; `constraint`: a row that the schema forbids, in a file that is
   * whole.
   */
  kind: 'damage' | 'constraint';
  text: string;
}

export interface Orphan {
  table: string;
  id: number | null;
  column: string;
  parent: string;
}

export interface SchemaPart {
  /** Equal for two parts that work alike. */
  description: string;
  /** SQL that makes the part anew, where that is possible. */
  sql: string | null;
}
