import type { Answer, Order } from '../acme/objects/resources.ts';
import type { Charge } from './limits/charges.ts';
import type { Session } from '../acme/session.ts';
import type { Solver } from '../challenges/solver.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import type { FailureRule } from '../ledger/names/failing-names.ts';
import type { AccountRow, OrderRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { CaPressure, Places } from './waiting/concurrency-level.ts';
import type { Outage } from './waiting/outage.ts';

/** What becomes of a pending authorization whose challenge was never submitted: `--on-unsubmitted`. */
export type UnsubmittedPolicy = 'deactivate' | 'resume';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** When to stop. */
export interface Stops {
  /** Aborted by SIGINT, SIGTERM or the run's time limit: start nothing new, settle what is open. */
  work: AbortSignal;
  /**
   * Aborted some seconds later: the end. Requests that change something at the CA listen to this one alone, so that an
   * interrupt never loses the answer to a newOrder.
   */
  grace: AbortSignal;
}

/** All that issuing on one account needs; made once for a run. */
export interface Issuance extends LedgerWriter {
  /** Of the run (src/issuance/ownership/lease.ts); the session asks by itself. */
  assertLease: () => Promise<void>;
  session: Session;
  account: AccountRow;
  stateDir: string;
  policy: UnsubmittedPolicy;
  /** The gate's threshold. */
  maxPending: number;
  /** How long a request may wait for the time that the CA asked for. */
  patienceMs: number;
  /** What a name's failure means for later attempts. */
  failureRule: FailureRule;
  pressure: CaPressure;
  /** Where faults of the CA are waited out. */
  outage: Outage;
  log: Log;
  stops: Stops;
  /** At a staging: what is issued is looked at and thrown away. */
  isRehearsal?: boolean;
  /** Whether one more answer may begin to be taken down; any may unless told. */
  mayTakeDown?: () => boolean;
  /** Where several certificates are worked on: to wait for the CA in it lets another have this one's place meanwhile. */
  whileWaiting?: Places['lend'];
  /** Instead of the session's, where several orders are looked for. */
  listOrders?: Session['listOrders'];
  /** The solver for these settings; the same object for the same settings, so that orders share listeners. */
  solverFor(settings: SolverSettings): Solver;
}

/** An order that the gate let through. */
export interface AdmittedOrder {
  order: OrderRow;
  /** False: a former attempt left it, and the CA may know it already. */
  isNew: boolean;
  /** What was spent for it at its admission. */
  charges: readonly Charge[];
}

/** An order that the CA knows, in the ledger and as answered. */
export interface PlacedOrder {
  row: OrderRow;
  answer: Answer<Order>;
}
