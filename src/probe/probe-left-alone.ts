import type { SolverSettings } from '../challenges/settings.ts';
import type { Solver } from '../challenges/solver.ts';
import { createSolver } from '../challenges/create-solver.ts';
import { errorRecord } from '../errors.ts';
import { retryProbesTakeDown } from '../issuance/answers/take-down-probes.ts';
import { type ProbeCandidate, probeNames } from './probe-names.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { CommandContext } from '../run/run-context.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';

/**
 * How long probes may begin: certificates with such names wait for them. Names that aren't reached in that
 * time come first in the next run.
 */
const startForMs = 120_000;
/** How long this run's own answers are taken down: a dns-01 probe that began last is over by then. */
const takeDownForMs = 480_000;
/**
 * How long answers of killed runs' probes are taken down: their hook may hang, in this run and in each that
 * follows.
 */
const takeDownLeftForMs = 60_000;

/** The names to be probed, and the answers to be taken down. */
export interface ProbeWork {
  /** The names, the one first that wasn't probed for longest. */
  toProbe: readonly ProbeCandidate[];
  /** How many probes have, or may have, an answer up. */
  probesUp: number;
}

/**
 * Looks, without the CA, whether names that are left alone have been mended, and takes down the answers of
 * killed runs' probes. A failure is warned of: certificates are renewed all the same.
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
