import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseConnection, Driver } from 'kysely';
import { isLedgerBusy } from '../ledger-failure.ts';

/**
 * How long a statement waits for another process's transaction. Ours last milliseconds, a little more where
 * the disk is slow.
 */
const patienceMs = 10_000;
const againAfterMs = 5;

/**
 * Waits for the lock of another process, without holding up the rest of this process. Otherwise a process
 * that was stopped in the middle of writing would keep ours from hearing a signal, and from renewing its
 * lease on another ledger.
 * @throws AcmeLedgerError `ledger-busy` when the lock isn't free in time
 */
async function patiently<T>(act: () => T | Promise<T>): Promise<T> {
  const endsAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!isLedgerBusy(error) || performance.now() >= endsAt) throw error;
      await delay(againAfterMs * (1 + Math.random()));
    }
  }
}

/** The database behind the driver's one connection. */
export interface TransactionControl {
  /** Runs the SQL before it returns. */
  run(sql: string): void;
  /**
   * Whether the database has a transaction open: after a full disk it has rolled back by itself
   * (sqlite.org/lang_transaction.html §3).
   */
  isInTransaction(): boolean;
}

/**
 * One connection, used in turns, whose transactions share their commits. A commit ends in a wait for the disk
 * during which nothing else runs, so transactions that are ready meanwhile are committed together. No caller
 * is told of a transaction, nor of rows read after it, before it is on disk (promise 1). A commit that fails,
 * fails for all its transactions.
 */
export class SharedCommits implements Driver {
  readonly #driver: Driver;
  readonly #control: TransactionControl;
  #connection: DatabaseConnection | null = null;
  #lastTurn: Promise<void> = Promise.resolve();
  #group: Group | null = null;

  constructor(driver: Driver, control: TransactionControl) {
    this.#driver = driver;
    this.#control = control;
  }

  async init(): Promise<void> {
    await this.#driver.init();
    this.#connection = await this.#driver.acquireConnection();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#lastTurn;
    let end: () => void = () => undefined;
    this.#lastTurn = new Promise((resolve) => (end = resolve));
    await before;
    if (this.#connection === null) throw new Error('the driver was not initialized');
    return turnOn(this.#connection, end, (error) => this.#loseIfOver(error));
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    const turn = turnOf(connection);
    const isFirst = this.#group === null;
    // `immediate`: a transaction that reads first and writes later could otherwise meet SQLITE_BUSY with no
    // wait at all (sqlite.org/lang_transaction.html).
    if (isFirst)
      await patiently(() => {
        this.#run('begin immediate');
      });
    else this.#run('savepoint member');
    this.#group ??= newGroup();
    this.#group.active = turn;
    turn.part = { group: this.#group, isFirst };
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const turn = turnOf(connection);
    const { part } = turn;
    if (part === null) return;
    if (!part.isFirst) this.#run('release member');
    turn.part = null;
    this.#endTurn(turn);
    await part.group.committed;
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const turn = turnOf(connection);
    const { part } = turn;
    // The transaction's group is over: the commit failed, or the database has rolled it back.
    if (part === null || part.group !== this.#group) return;
    turn.part = null;
    part.group.active = null;
    if (part.isFirst) {
      this.#group = null;
      this.#run('rollback');
    } else {
      this.#run('rollback to member');
      this.#run('release member');
    }
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const turn = turnOf(connection);
    if (!turn.isHeld) return;
    const group = this.#group;
    this.#endTurn(turn);
    await group?.committed;
  }

  async destroy(): Promise<void> {
    if (this.#group !== null) this.#commit(this.#group);
    await this.#driver.destroy();
  }

  #endTurn(turn: Turn): void {
    const group = this.#group;
    if (group?.active === turn) group.active = null;
    turn.isHeld = false;
    turn.end();
    // The commit comes after every caller that is ready now has had its turn.
    if (group !== null) setImmediate(() => this.#commit(group));
  }

  #commit(group: Group): void {
    // The group is committed already, or a caller is in the middle of a transaction and commits with the end
    // of its turn.
    if (this.#group !== group || group.active !== null) return;
    this.#group = null;
    try {
      this.#control.run('commit');
      group.end();
    } catch (error) {
      group.fail(error);
      if (this.#control.isInTransaction()) this.#control.run('rollback');
    }
  }

  #run(sql: string): void {
    try {
      this.#control.run(sql);
    } catch (error) {
      this.#loseIfOver(error);
      throw error;
    }
  }

  /** After a failure: the database may have taken back the whole group. */
  #loseIfOver(error: unknown): void {
    if (this.#group === null || this.#control.isInTransaction()) return;
    const group = this.#group;
    this.#group = null;
    group.fail(error);
  }
}

/** Transactions that are committed together. */
interface Group {
  committed: Promise<void>;
  end: () => void;
  fail: (error: unknown) => void;
  /** The turn whose transaction is being worked on. */
  active: Turn | null;
}

function newGroup(): Group {
  let [end, fail]: [() => void, (error: unknown) => void] = [() => undefined, () => undefined];
  const committed = new Promise<void>((resolve, reject) => ([end, fail] = [resolve, reject]));
  // When no caller waits for the commit, nobody is to be told of its failure.
  committed.catch(() => undefined);
  return { committed, end, fail, active: null };
}

/** The connection for as long as one caller has it. */
interface Turn extends DatabaseConnection {
  isHeld: boolean;
  /** The caller's transaction. */
  part: { group: Group; isFirst: boolean } | null;
  end: () => void;
}

/** The turn behind a connection: Kysely hands back the connection that `acquireConnection` gave it. */
function turnOf(connection: DatabaseConnection): Turn {
  if (!isTurn(connection)) throw new Error('a connection that was not acquired here');
  return connection;
}

function isTurn(connection: DatabaseConnection): connection is Turn {
  return 'isHeld' in connection;
}

function turnOn(connection: DatabaseConnection, end: () => void, onFailure: (error: unknown) => void): Turn {
  return {
    isHeld: true,
    part: null,
    end,
    async executeQuery(query) {
      try {
        return await patiently(() => connection.executeQuery(query));
      } catch (error) {
        onFailure(error);
        throw error;
      }
    },
    streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
  };
}
