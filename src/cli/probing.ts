import type { SolverSettings } from '../challenges/settings.ts';
import type { Solver } from '../challenges/solver.ts';
import { createSolver } from '../challenges/solvers.ts';
import { errorRecord } from '../errors.ts';
import { probeNames, takeDownLeftProbes } from '../issuance/probing.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { CommandContext } from './context.ts';
import type { Work } from './due-work.ts';
import { withLedgerWriter } from './ledger-writing.ts';

/** Certificates wait for the probes of this run; names that aren't reached in that time come first in the next. */
const startForMs = 120_000;

/**
 * Looks, without the CA, whether names that are left alone have been mended, and takes down what a killed run's probes have left. What
 * goes wrong is warned of: certificates are renewed all the same.
 * @returns whether names may be ordered that couldn't before
 */
export async function probeLeftAlone(
  context: CommandContext,
  { toProbe, probesUp }: Work,
  maxTimeMs: number | null,
): Promise<boolean> {
  if (toProbe.length === 0 && probesUp === 0) return false;
  const solvers = new Map<string, Solver>();
  try {
    return await withLedgerWriter(context, 'renew', async (writer) => {
      const parts = {
        writer,
        solverFor: (settings: SolverSettings) => solverFor(solvers, settings, writer),
        stops: context.stops,
        log: context.log,
      };
      await takeDownLeftProbes(parts);
      const { everyMs, view } = context.settings.probe;
      if (everyMs === null) return false;
      const startsUntil = performance.now() + Math.min(startForMs, maxTimeMs ?? Infinity);
      const mayStart = (): boolean => performance.now() < startsUntil;
      return (await probeNames({ ...parts, everyMs, view, mayStart }, toProbe)) > 0;
    });
  } catch (error) {
    context.stops.work.throwIfAborted();
    context.log.warn(
      { error: errorRecord(error) },
      'names could not be probed; those that fail are left alone for as long as it was said',
    );
    return false;
  } finally {
    await Promise.allSettled([...solvers.values()].map((solver) => solver.close()));
  }
}

function solverFor(
  solvers: Map<string, Solver>,
  settings: SolverSettings,
  { clock, runId }: LedgerWriter,
): Solver {
  const key = JSON.stringify(settings);
  const solver = solvers.get(key) ?? createSolver(settings, { clock, runId });
  solvers.set(key, solver);
  return solver;
}
