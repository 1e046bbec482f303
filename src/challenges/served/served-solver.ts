import { checkedToken } from '../answer-values.ts';
import type { ChallengeAnswer, Solver } from '../solver.ts';

/** Does nothing: the answer's row in the ledger puts it up, and its `cleaned_at` takes it down. */
export function servedSolver(): Solver {
  const nothing = (_answer: ChallengeAnswer, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    return Promise.resolve();
  };
  return {
    type: 'http-01',
    present: async (answer, signal) => {
      checkedToken(answer);
      await nothing(answer, signal);
    },
    waitUntilVisible: nothing,
    assertStillVisible: nothing,
    cleanUp: nothing,
    close: () => Promise.resolve(),
  };
}
