import type { Engine } from './engine.ts';
import type { Ledger, StoredLedger } from './ledger.ts';

/**
 * The place of a ledger, whatever database it is in: all that is done with a ledger besides asking it. Each engine has one
 * (src/ledger/sqlite/sqlite-store.ts); src/ledger/open.ts chooses it by the ledger's URL.
 */
export interface LedgerStore {
  /** The place as messages name it, without a password. */
  readonly place: string;
  /** Whether there is a ledger. @throws AcmeLedgerError `ledger` when there was one, and it was deleted or moved away */
  exists(): Promise<boolean>;
  /**
   * Opens the ledger, made if it isn't there, and brings it to this version's schema.
   * @param options `toWrite`: also finds out whether it can be written, so that a locked one is noticed before anything is sent
   * @throws AcmeLedgerError `ledger` (locked, damaged, no permission), `ledger-newer`
   */
  open(options: { toWrite: boolean }): Promise<Ledger>;
  /** A ledger that holds nothing and leaves no trace: for questions about what would be, where there is none yet. */
  openEmpty(): Promise<Ledger>;
  /** The ledger as it was found. @throws AcmeLedgerError `ledger` (locked, damaged from its beginning, not a ledger), `ledger-newer` */
  openForCheck(): Promise<LedgerUnderCheck>;
  /**
   * Writes all that `ledger` holds, which is this one or an empty one, into another that lies in `folder` and goes with it.
   * @returns the copy's URL
   * @throws AcmeLedgerError `ledger-failed`
   */
  copy(ledger: Ledger, folder: string): Promise<string>;
}

/** A ledger as it was found: not migrated, and open also where it can't be written. */
export interface LedgerUnderCheck {
  /** What can't be decoded is empty here: the check tells of it. */
  ledger: Ledger;
  /** The same ledger with its values as they are stored. */
  stored: StoredLedger;
  engine: Engine;
  /** Where it is, as messages name it. */
  place: string;
  isWritable: boolean;
  /** Whether the schema is this version's. */
  isCurrent: boolean;
  /** A new ledger on the same engine: what the schema should be. */
  openEmpty(): Promise<Ledger>;
  close(): Promise<void>;
}
