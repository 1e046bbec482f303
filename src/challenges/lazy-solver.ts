import type { ChallengeType, Solver } from './solver.ts';

/**
 * A solver whose code is loaded when it is first used: every command reads the list of solvers for its options, and most commands use
 * none of them.
 */
export function lazySolver(type: ChallengeType, load: () => Promise<Solver>): Solver {
  let loading: Promise<Solver> | undefined;
  const loaded = (): Promise<Solver> => (loading ??= load());
  return {
    type,
    async present(answer, signal) {
      await (await loaded()).present(answer, signal);
    },
    async waitUntilVisible(answer, signal) {
      await (await loaded()).waitUntilVisible(answer, signal);
    },
    async assertStillVisible(answer, signal) {
      await (await loaded()).assertStillVisible(answer, signal);
    },
    async cleanUp(answer, signal) {
      await (await loaded()).cleanUp(answer, signal);
    },
    async close() {
      await (await loading)?.close();
    },
  };
}
