import type { Session } from '../acme/session.ts';
import type { SolverRules } from '../challenges/proof/solver-rules.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import type { AcmeLedgerError } from '../errors.ts';
import type { ChallengeAnswer, Solver } from '../challenges/solver.ts';
import type { FailureRule } from '../ledger/names/failing-names.ts';
import type { AccountRow, CertificateRow, OrderRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { UnsubmittedPolicy } from '../policies.ts';
import type { Log, Stops } from '../log-and-stops.ts';
import type { OrderRules } from './limits/order-rules.ts';
import type { CaPressure } from './waiting/concurrency-level.ts';
import type { Outage } from './waiting/outage.ts';

/** A run on one account, with all that issuing there needs; made once for a run. */
export interface AccountRun extends LedgerWriter {
  /** Asserts the run's lease (src/issuance/ownership/lease.ts); the session does so by itself. */
  assertLease: () => Promise<void>;
  session: Session;
  account: AccountRow;
  stateDir: string;
  policy: UnsubmittedPolicy;
  /** The gate's threshold. */
  maxPending: number;
  /** How long a request may wait for the time that the CA asked for. */
  patienceMs: number;
  /**
   * A person has the CA asked in spite of its holds (`issue --now`): holds noted until then don't bind this
   * run, one that the CA renews does.
   */
  overridesHoldsUntil?: Date;
  /** The rule by which a name that fails waits for its next attempt. */
  failureRule: FailureRule;
  pressure: CaPressure;
  /** Where faults of the CA are waited out. */
  outage: Outage;
  log: Log;
  stops: Stops;
  /** Answers that are up stay up for now: what is being done doesn't wait for hooks. */
  leavesUp?: boolean;
  /** Orders of earlier runs whose rest is done after this run's own work (order/settle-later.ts). */
  forLater?: OrderRow[];
  /** Whether one more answer may begin to be taken down; any may unless told. */
  mayTakeDown?: () => boolean;
  /** Lists the account's orders instead of the session, where several orders are looked for. */
  listOrders?: Session['listOrders'];
  /**
   * Looks at names without the CA before an order names them, and gives those that it would certainly fail
   * for; missing where nobody looks (`--no-check`).
   */
  look?: (
    run: AccountRun,
    certificate: CertificateRow,
    names: readonly string[],
  ) => Promise<ReadonlyMap<string, AcmeLedgerError>>;
  /** Which names an order may have. */
  orderRules: OrderRules;
  /** A person asked for the new names with `--yes`. */
  addsNames?: boolean;
  /**
   * Looks at an answer that is up as the CA would; missing where nobody looks.
   * @throws AcmeLedgerError `solver` when something else is certain to be seen
   */
  lookAtServed?: (run: AccountRun, answer: ChallengeAnswer) => Promise<void>;
  /** How the configuration proves names. */
  solverRules: SolverRules;
  /** The solver for these settings; always one object for equal settings, so that orders share listeners. */
  solverFor(settings: SolverSettings): Solver;
}
