import type { Session } from '../acme/session.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import type { Solver } from '../challenges/solver.ts';
import type { FailureRule } from '../ledger/names/failing-names.ts';
import type { AccountRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { UnsubmittedPolicy } from '../policies.ts';
import type { Log, Stops } from '../log-and-stops.ts';
import type { CaPressure } from './waiting/concurrency-level.ts';
import type { Outage } from './waiting/outage.ts';

/** All that issuing on one account needs; made once for a run. */
export interface AccountRun extends LedgerWriter {
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
  /** Whether one more answer may begin to be taken down; any may unless told. */
  mayTakeDown?: () => boolean;
  /** Instead of the session's, where several orders are looked for. */
  listOrders?: Session['listOrders'];
  /** The solver for these settings; the same object for the same settings, so that orders share listeners. */
  solverFor(settings: SolverSettings): Solver;
}
