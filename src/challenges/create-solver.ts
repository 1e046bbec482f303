import { kindOf, type SolverSettings } from './settings.ts';
import type { Solver } from './solver.ts';
import type { SolverParts } from './solver-kind.ts';

/**
 * The solver that these settings describe. Solvers are cheap: several of one process share the listener of an address
 * and the queue of a hook, so each order may have its own. Nothing is opened before the first `present`.
 */
export function createSolver(settings: SolverSettings, parts: SolverParts): Solver {
  return kindOf(settings).create(settings, parts);
}
