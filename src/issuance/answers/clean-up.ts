import { setTimeout as delay } from 'node:timers/promises';
import { type SolverSettings, kindOf } from '../../challenges/settings.ts';
import type { ChallengeAnswer, Solver } from '../../challenges/solver.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { timeLimit } from '../../system/time-limit.ts';

/** What heeds its signal ends within this time after it. */
const deafMs = 5_000;

/** Takes an answer down within the time that its solver may take; a hook has a limit of its own. */
export async function cleanUpInTime(
  solver: Solver,
  settings: SolverSettings,
  answer: ChallengeAnswer,
  signal: AbortSignal,
): Promise<void> {
  const { cleanUpLimitMs } = kindOf(settings);
  if (cleanUpLimitMs === null) return solver.cleanUp(answer, signal);
  return inTime((limited) => solver.cleanUp(answer, limited), signal, { limitMs: cleanUpLimitMs });
}

/**
 * Ends the act by its signal when the time is over. An act that doesn't heed it, such as one on a file system
 * whose server is gone, is left to itself.
 * @throws AcmeLedgerError `solver`
 */
export async function inTime(
  act: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  { limitMs, afterMs = deafMs }: { limitMs: number; afterMs?: number },
): Promise<void> {
  const limit = timeLimit(limitMs, signal);
  const isOver = new AbortController();
  const deaf = delay(limitMs + afterMs, undefined, { signal: isOver.signal }).then(() => {
    throw new AcmeLedgerError(
      'solver',
      `not taken down within ${String(limitMs / 1000)} s: nothing answers`,
      {
        hint: 'see whether its disk or server hangs',
      },
    );
  });
  deaf.catch(() => undefined);
  try {
    await Promise.race([act(limit.signal), deaf]);
  } finally {
    limit.clear();
    isOver.abort();
  }
}
