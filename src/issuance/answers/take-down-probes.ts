import { parseSolverSettings, type SolverSettings } from '../../challenges/settings.ts';
import type { Solver } from '../../challenges/solver.ts';
import { errorRecord } from '../../errors.ts';
import {
  probesUp,
  recordProbeLeftUp,
  recordProbeTakenDown,
  takeOverProbe,
} from '../../ledger/names/probes.ts';
import type { ProbeRow } from '../../ledger/schema.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { endHooksOf } from '../../system/orphaned-hooks.ts';
import { allOrFirstError } from '../waiting/concurrency.ts';
import type { Log, Stops } from '../../log-and-stops.ts';
import { aliveAmong } from '../ownership/lease.ts';
import { cleanUpInTime } from './clean-up.ts';
import { answerOf, inTurn } from './stored-answer.ts';

/** The parts of a run that taking down probes' answers needs. */
export interface ProbeParts {
  writer: LedgerWriter;
  solverFor: (settings: SolverSettings) => Solver;
  stops: Stops;
  log: Log;
  /** Whether another answer may begin to be taken down. */
  mayTakeDown: () => boolean;
}

/**
 * Takes down the answers that probes of dead runs have left. An answer that can't be taken down, or not
 * before `mayTakeDown` says no or the work is to stop, stays for the next run.
 */
export async function retryProbesTakeDown(parts: ProbeParts): Promise<void> {
  const { writer, stops, log } = parts;
  const mayTakeDown = (): boolean => !stops.work.aborted && parts.mayTakeDown();
  const rows = await probesUp(writer.ledger);
  const alive = await aliveAmong(
    writer,
    rows.map(({ run_id }) => run_id),
  );
  const left = rows.filter(({ run_id }) => !alive.has(run_id));
  for (const runId of new Set(left.map(({ run_id }) => run_id))) {
    if (!mayTakeDown()) return;
    // A hook that goes on would put its answer up after it was taken down.
    if ((await endHooksOf([runId])) > 0) log.info({ run: runId }, 'ended hooks that a dead run left');
  }
  // A clean-up that failed before may fail again, until no time is left for the others: it comes last.
  const inOrder = left.toSorted((a, b) => Number(a.error !== null) - Number(b.error !== null));
  await allOrFirstError(
    inOrder.map(async (row) => {
      if (await takeOverProbe(writer, row)) await takeDown({ ...parts, mayTakeDown }, row);
    }),
  );
}

/**
 * Takes one probe's answer down. Nothing is thrown when it stays up: it is in the ledger for the next run.
 */
export async function takeDown(parts: ProbeParts, row: ProbeRow): Promise<void> {
  const { writer, stops, log } = parts;
  let isDown: boolean;
  try {
    isDown = await cleanUpInTurn(parts, row);
  } catch (error) {
    // The program ends, which says nothing about the hook.
    if (stops.grace.aborted) return;
    const record = errorRecord(error);
    log.warn(
      { name: row.identifier, error: record },
      'what a probe put up could not be taken down; the next renew tries again',
    );
    await recordProbeLeftUp(writer, row, record);
    return;
  }
  if (isDown) await recordProbeTakenDown(writer, row);
  else
    log.info(
      { name: row.identifier },
      'no time is left to take down what a probe put up; the next renew does',
    );
}

/**
 * Takes an answer down in its turn: waiting for the hook uses up none of its time, and is no failure.
 * @returns false when the turn came too late
 */
async function cleanUpInTurn(parts: ProbeParts, row: ProbeRow): Promise<boolean> {
  const settings = parseSolverSettings(row.settings);
  return inTurn(settings, parts.stops.grace, async () => {
    if (!parts.mayTakeDown()) return false;
    await cleanUpInTime(parts.solverFor(settings), settings, answerOf(row), parts.stops.grace);
    return true;
  });
}
