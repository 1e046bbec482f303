import { queued } from '../../challenges/queue.ts';
import { kindOf, type SolverSettings } from '../../challenges/settings.ts';
import type { BatchAnswer, ChallengeAnswer, ChallengeType } from '../../challenges/solver.ts';
import type { PresentationRow } from '../../ledger/schema.ts';

/** How many answers of one solver are handled at one time, where it has no queue of its own. */
const concurrency = 10;

/** Puts an answer up, or takes it down, in its turn: a hook that others wait for limits its calls itself. */
export async function inTurn<T>(
  settings: SolverSettings,
  signal: AbortSignal,
  act: () => Promise<T>,
): Promise<T> {
  const queue = kindOf(settings).queue(settings) ?? { key: settings.solver, concurrency };
  return queued(`what probes put up: ${queue.key}`, queue.concurrency, signal, act);
}

type StoredAnswer = Pick<
  PresentationRow,
  'settings' | 'challenge_type' | 'identifier_type' | 'identifier' | 'token' | 'key_authorization'
>;

/**
 * The answer of an order or a probe, as the ledger keeps it and the solver wants it.
 * @param together the answers that are put up or taken down with it, itself included, in the order of their turns;
 * those of other solvers are none of its solver's business
 */
export function answerOf(row: StoredAnswer, together: readonly StoredAnswer[] = [row]): ChallengeAnswer {
  const batch = together.filter((each) => isSameSolver(each, row));
  const remaining = batch.length - 1 - batch.indexOf(row);
  return {
    ...plainAnswer(row),
    ...(batch.length < 2 ? {} : { batch: { answers: batch.map(plainAnswer), remaining } }),
  };
}

function plainAnswer(row: StoredAnswer): BatchAnswer {
  return {
    type: row.challenge_type as ChallengeType,
    identifier: { type: row.identifier_type === 'ip' ? 'ip' : 'dns', value: row.identifier },
    token: row.token,
    keyAuthorization: row.key_authorization,
  };
}

function isSameSolver({ settings: one }: StoredAnswer, { settings: other }: StoredAnswer): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
