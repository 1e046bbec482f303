import { queued } from '../../challenges/queue.ts';
import { kindOf, type SolverSettings } from '../../challenges/settings.ts';
import type { ChallengeAnswer, ChallengeType } from '../../challenges/solver.ts';
import type { PresentationRow } from '../../ledger/schema.ts';

/** Answers of one solver at one time, where it has no queue of its own. */
const concurrency = 10;

/** Puts answers up, or takes them down, in turns: a hook that others wait for has its own limit of how many run at once. */
export async function inTurn<T>(
  settings: SolverSettings,
  signal: AbortSignal,
  act: () => Promise<T>,
): Promise<T> {
  const queue = kindOf(settings).queue(settings) ?? { key: settings.solver, concurrency };
  return queued(`what probes put up: ${queue.key}`, queue.concurrency, signal, act);
}

/** The answer of an order or a probe, as the ledger keeps it and the solver wants it. */
export function answerOf(
  row: Pick<
    PresentationRow,
    'challenge_type' | 'identifier_type' | 'identifier' | 'token' | 'key_authorization'
  >,
): ChallengeAnswer {
  return {
    type: row.challenge_type as ChallengeType,
    identifier: { type: row.identifier_type === 'ip' ? 'ip' : 'dns', value: row.identifier },
    token: row.token,
    keyAuthorization: row.key_authorization,
  };
}
