import type { SolverSettings } from '../challenges/settings.ts';
import type { Solver } from '../challenges/solver.ts';
import { createSolver } from '../challenges/create-solver.ts';
import { errorRecord } from '../errors.ts';
import { retryProbesTakeDown } from '../issuance/answers/take-down-probes.ts';
import { type ProbeCandidate, probeNames } from './probe-names.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { CommandContext } from '../run/run-context.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';

/** Certificates with such names wait for the probes of this run; names that aren't reached in that time come first in the next. */
const startForMs = 120_000;
/** What this run's probes put up: one of dns-01 that began last is over by then. */
const takeDownForMs = 480_000;
/** What killed runs' probes have left up: their hook may hang, in this run and in each that follows. */
const takeDownLeftForMs = 60_000;

/** What there is to be probed, and to be taken down. */
export interface ProbeWork {
  /** Those first that weren't probed for longest. */
  toProbe: readonly ProbeCandidate[];
  /** How many probes have, or may have, something up. */
  probesUp: number;
}

/**
 * Looks, without the CA, whether names that are left alone have been mended, and takes down what a killed run's probes have left. What
 * goes wrong is warned of: certificates are renewed all the same.
 * @param endsAt when the time of the run is over, as `performance.now()` tells it
 * @returns whether names may be ordered that couldn't before
 */
export async function probeLeftAlone(
  context: CommandContext,
  { toProbe, probesUp }: ProbeWork,
  endsAt: number,
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
      await retryProbesTakeDown({
        ...parts,
        mayTakeDown: until(Math.min(fromNow(takeDownLeftForMs), endsAt)),
      });
      const { everyMs, view } = context.settings.probe;
      if (everyMs === null) return false;
      const mayStart = until(Math.min(fromNow(startForMs), endsAt));
      const probing = { ...parts, everyMs, view, mayStart, mayTakeDown: until(fromNow(takeDownForMs)) };
      return (await probeNames(probing, toProbe)) > 0;
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

function fromNow(ms: number): number {
  return performance.now() + ms;
}

function until(endsAt: number): () => boolean {
  return () => performance.now() < endsAt;
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
