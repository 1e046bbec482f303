import type { SolverSettings } from '../challenges/settings.ts';
import type { Solver } from '../challenges/solver.ts';
import { createSolver } from '../challenges/create-solver.ts';
import { errorRecord } from '../errors.ts';
import { type ProbeParts, retryProbesTakeDown } from '../issuance/answers/take-down-probes.ts';
import { faultOfCandidate } from './fault-of.ts';
import { type ProbeCandidate, probeNames } from './probe-names.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { CommandContext } from '../run/run-context.ts';
import { timeLimit } from '../system/time-limit.ts';
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
/** Hooks that do what they should are done by then. */
const momentMs = 5_000;

/** The names to be probed, and the answers to be taken down. */
export interface ProbeWork {
  /** The names, the one first that wasn't probed for longest. */
  toProbe: readonly ProbeCandidate[];
  /** How many probes have, or may have, an answer up. */
  probesUp: number;
}

/**
 * Looks, without the CA, whether names that are left alone have been mended. A failure is warned of:
 * certificates are renewed all the same.
 * @param endsAt when the time of the run is over, as `performance.now()` tells it
 * @returns whether names may be ordered that couldn't before
 */
export async function probeLeftAlone(
  context: CommandContext,
  { toProbe }: Pick<ProbeWork, 'toProbe'>,
  endsAt: number,
): Promise<boolean> {
  const { everyMs, view } = context.settings.probe;
  if (toProbe.length === 0 || everyMs === null) return false;
  try {
    return await withProbeParts(context, async (parts) => {
      const mayStart = until(Math.min(fromNow(startForMs), endsAt));
      const probing = {
        ...parts,
        everyMs,
        view,
        mayStart,
        mayTakeDown: until(fromNow(takeDownForMs)),
        faultOf: faultOfCandidate(context, parts.writer.ledger),
      };
      return (await probeNames(probing, toProbe)) > 0;
    });
  } catch (error) {
    context.stops.work.throwIfAborted();
    context.log.warn(
      { error: errorRecord(error) },
      'names could not be probed; those that fail are left alone for as long as it was said',
    );
    return false;
  }
}

/**
 * Takes down the answers of killed runs' probes, after the run's own work: their hook may hang, and may be
 * the hook that the work needs. A failure is warned of; what stays up is in the ledger for the next run.
 * @param endsAt as for `probeLeftAlone`; also a run without any time left takes a moment for it
 */
export async function takeDownLeftProbes(
  context: CommandContext,
  { probesUp }: Pick<ProbeWork, 'probesUp'>,
  endsAt: number,
): Promise<void> {
  if (probesUp === 0 || context.stops.work.aborted) return;
  const leftMs = Math.max(momentMs, Math.min(takeDownLeftForMs, endsAt - performance.now()));
  const limit = timeLimit(leftMs, context.stops.grace);
  const stops = { ...context.stops, ...(leftMs < takeDownLeftForMs ? { grace: limit.signal } : {}) };
  try {
    await withProbeParts(context, (parts) =>
      retryProbesTakeDown({ ...parts, stops, mayTakeDown: until(fromNow(leftMs)) }),
    );
  } catch (error) {
    context.stops.work.throwIfAborted();
    context.log.warn(
      { error: errorRecord(error) },
      'what probes of an earlier run put up could not be taken down; the next renew tries again',
    );
  } finally {
    limit.clear();
  }
}

/** Does the act with what probing needs, as a run of its own. */
async function withProbeParts<T>(
  context: CommandContext,
  act: (parts: Omit<ProbeParts, 'mayTakeDown'>) => Promise<T>,
): Promise<T> {
  const solvers = new Map<string, Solver>();
  try {
    return await withLedgerWriter(context, 'renew', (writer) =>
      act({
        writer,
        solverFor: (settings: SolverSettings) => solverFor(solvers, settings, writer),
        stops: context.stops,
        log: context.log,
      }),
    );
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
