import type { VisibilityParts } from './visibility/dns-visibility.ts';
import { execSolver } from './exec/exec.ts';
import type { SolverSettings } from './settings.ts';
import type { Solver } from './solver.ts';
import { standaloneSolver } from './standalone/http.ts';
import { standaloneTlsSolver } from './standalone/tls-alpn.ts';
import { webrootSolver } from './webroot/webroot.ts';

/** What solvers need from the rest of the program. */
export interface SolverParts extends VisibilityParts {
  /** The run of the ledger, by which a hook that outlives it is found; none in a process that has no ledger. */
  runId?: string;
}

/**
 * The solver that these settings describe. Solvers are cheap: several of one process share the listener of an address
 * and the queue of a hook, so each order may have its own. Nothing is opened before the first `present`.
 */
export function createSolver(settings: SolverSettings, parts: SolverParts): Solver {
  switch (settings.solver) {
    case 'webroot':
      return webrootSolver(settings);
    case 'standalone':
      return settings.challenge === 'http-01'
        ? standaloneSolver(settings, parts.clock)
        : standaloneTlsSolver(settings, parts.clock);
    case 'exec':
      return execSolver(settings, parts);
  }
}
