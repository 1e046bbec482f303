import type { Engine } from './engine.ts';
import type { Ledger, StoredLedger } from './ledger.ts';

/**
 * The place of a ledger, whatever database it is in: all that is done with a ledger besides asking it. Each
 * engine has one (src/ledger/sqlite/sqlite-store.ts); src/ledger/open.ts chooses it by the ledger's URL.
 */
export interface LedgerStore {
  /** The place as messages name it, without a password. */
  readonly place: string;
  /**
   * Whether there is a ledger. @throws AcmeLedgerError `ledger` when there was one, and it was deleted or
   * moved away
   */
  exists(): Promise<boolean>;
  /**
   * Opens the ledger, made if it isn't there, and brings it to this version's schema.
   * @param options `toWrite`: also finds out whether the ledger can be written, so that a lock is noticed
   * before anything is sent
   * @throws AcmeLedgerError `ledger` (locked, damaged, no permission), `ledger-newer`
   */
  open(options: { toWrite: boolean }): Promise<Ledger>;
  /**
   * A ledger that holds nothing and leaves no trace: for a plan of what would be done, where there is no
   * ledger yet.
   */
  openEmpty(): Promise<Ledger>;
  /**
   * The ledger as it was found. @throws AcmeLedgerError `ledger` (locked, damaged from its beginning, not a
   * ledger), `ledger-newer`
   */
  openForCheck(): Promise<LedgerUnderCheck>;
  /**
   * Writes all that `ledger` (this one or an empty one) holds into a new ledger that lies in `folder` and is
   * removed with it.
   * @returns the copy's URL
   * @throws AcmeLedgerError `ledger-failed`
   */
  copy(ledger: Ledger, folder: string): Promise<string>;
}

/** A ledger as it was found: not migrated, and open also where it can't be written. */
export interface LedgerUnderCheck {
  /** The ledger with values that can't be decoded read as empty: the check reports them. */
  ledger: Ledger;
  /** The same ledger with its values as they are stored. */
  stored: StoredLedger;
  engine: Engine;
  /** Where the ledger is, as messages name it. */
  place: string;
  isWritable: boolean;
  /** Whether the schema is this version's. */
  isCurrent: boolean;
  /** A new ledger on the same engine, which shows how the schema should be. */
  openEmpty(): Promise<Ledger>;
  close(): Promise<void>;
}
