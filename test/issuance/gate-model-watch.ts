import type { StoredRow } from '../../src/ledger/ledger.ts';
import {
  authorizationStatusesBefore,
  challengeProgressesBefore,
  orderStatusesBefore,
} from '../../src/ledger/states.ts';
import type { AuthorizationStatus, ChallengeProgress, OrderStatus } from '../../src/ledger/states.ts';
import { rawDatabase } from '../support/raw-database.ts';

interface Move {
  what: 'order' | 'authorization' | 'challenge' | 'owner' | 'conclusion' | 'link';
  id: number;
  before: string | null;
  after: string | null;
}

export interface HoldingOrder {
  id: number;
  status: OrderStatus;
  run_id: string | null;
  kept_until: string | null;
  concluded_at: string | null;
}

export interface PendingRow {
  url: string;
  challenge: ChallengeProgress;
  refused_at: string | null;
}

const watched = [
  ['order', 'orders', 'status'],
  ['authorization', 'authorizations', 'status'],
  ['challenge', 'authorizations', 'challenge'],
  ['owner', 'orders', 'run_id'],
  ['conclusion', 'orders', 'concluded_at'],
] as const;

/** The same allowance for clocks that disagree as the gate's own. */
const skewMs = 600_000;

/** A look at the ledger's file from outside of the program, which also notes every move of a state there. */
export class LedgerWatch {
  readonly #database: ReturnType<typeof rawDatabase>;
  readonly #changedAt = new Map<number, number>();

  constructor(file: string) {
    this.#database = rawDatabase(file, { timeout: 0 });
    this.#database.exec('create table moves (what text, id integer, before text, after text)');
    for (const [what, table, column] of watched)
      this.#database.exec(
        `create trigger moves_${what} after update of ${column} on ${table} when old.${column} is not new.${column}
         begin insert into moves values ('${what}', new.id, old.${column}, new.${column}); end`,
      );
    this.#database.exec(
      `create trigger moves_link after insert on order_authorizations
       begin insert into moves values ('link', new.order_id, null, new.authorization_id); end`,
    );
  }

  /** As new, with the same file: opening thousands of databases would take longer than all the rest. */
  empty(): void {
    this.#changedAt.clear();
    const tables = [
      'moves',
      'holds',
      'events',
      'presentations',
      'order_authorizations',
      'authorizations',
      'orders',
    ];
    for (const table of [...tables, 'identifiers', 'certificates', 'runs', 'accounts', 'sqlite_sequence'])
      this.#database.exec(`delete from ${table}`);
  }

  close(): void {
    this.#database.close();
  }

  /** What the gate has to count at least: pending and not surely expired, and reserved. */
  counted(now: Date): number {
    const cutoff = new Date(now.getTime() - skewMs).toISOString();
    const [row] = this.#all<{ open: number }>(
      `select (select count(*) from authorizations where status = 'pending' and (expires_at is null or expires_at > ?))
        + (select coalesce(sum(reserved), 0) from orders where reserved_until > ?) as open`,
      cutoff,
      cutoff,
    );
    return row?.open ?? 0;
  }

  /** Moves since the last call that may not be. @param isDead whether the run's process is, in truth */
  wrongMoves(isDead: (runId: string) => boolean, turn: number): string[] {
    const moves = this.#all<Move>('select * from moves order by rowid');
    if (moves.length > 0) this.#database.exec('delete from moves');
    for (const { what, id } of moves) if (what === 'owner' || what === 'link') this.#changedAt.set(id, turn);
    return moves
      .filter((move) => !isAllowed(move, isDead))
      .map(({ what, id, before, after }) => `${what} ${id} went from ${before} to ${after}`);
  }

  /** In which turn the order last got another owner, or another authorization. */
  changedAt(orderId: number): number {
    return this.#changedAt.get(orderId) ?? Infinity;
  }

  orderByUrl(url: string): HoldingOrder | undefined {
    return this.#all<HoldingOrder>('select * from orders where url = ?', url)[0];
  }

  /** Orders that may still become a certificate. */
  ordersHolding(authorizationUrl: string): HoldingOrder[] {
    return this.#all<HoldingOrder>(
      `select orders.* from orders join order_authorizations on order_id = orders.id
        join authorizations on authorizations.id = authorization_id
        where authorizations.url = ? and concluded_at is null`,
      authorizationUrl,
    );
  }

  unansweredOrder(namesKey: string, runId: string): HoldingOrder | undefined {
    return this.#all<HoldingOrder>(
      'select * from orders where names_key = ? and run_id = ? and concluded_at is null and url is null',
      namesKey,
      runId,
    )[0];
  }

  authorization(url: string): (PendingRow & { status: AuthorizationStatus }) | undefined {
    return this.#all<PendingRow & { status: AuthorizationStatus }>(
      'select * from authorizations where url = ?',
      url,
    )[0];
  }

  /** What lost answers may still have opened. */
  reserved(): number {
    return this.#all<{ sum: number }>('select coalesce(sum(reserved), 0) as sum from orders')[0]?.sum ?? 0;
  }

  /** Orders at work. */
  ownedOrders(): HoldingOrder[] {
    return this.#all<HoldingOrder>('select * from orders where run_id is not null and concluded_at is null');
  }

  /** What the timers of live processes do. */
  renewLeases(runIds: readonly string[], until: Date): void {
    for (const id of runIds)
      this.#database
        .prepare('update runs set lease_until = ? where id = ? and ended_at is null')
        .run(until.toISOString(), id);
  }

  insertRun(run: StoredRow<'runs'>): void {
    const columns = Object.keys(run);
    this.#database
      .prepare(`insert into runs (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`)
      .run(Object.values(run));
  }

  /** Where the kernel knows no such process any more, `isAlive` reads it from the start time. */
  markGone(runId: string): void {
    this.#database.prepare(`update runs set process_start = 'gone' where id = ?`).run(runId);
  }

  #all<T>(sql: string, ...values: string[]): T[] {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement.all(values) as T[];
  }

  readonly #statements = new Map<string, ReturnType<ReturnType<typeof rawDatabase>['prepare']>>();
}

function isAllowed({ what, before, after }: Move, isDead: (runId: string) => boolean): boolean {
  switch (what) {
    case 'order':
      return orderStatusesBefore(after as OrderStatus).includes(before as OrderStatus);
    case 'authorization':
      return (
        after !== 'pending' &&
        authorizationStatusesBefore(after as AuthorizationStatus).includes(before as AuthorizationStatus)
      );
    case 'challenge':
      return (
        before !== 'submitted' &&
        challengeProgressesBefore(after as ChallengeProgress).includes(before as ChallengeProgress)
      );
    // An order goes from one run to another only over the first one's dead body.
    case 'owner':
      return before === null || after === null || isDead(before);
    case 'conclusion':
      return after !== null;
    case 'link':
      return true;
  }
}
