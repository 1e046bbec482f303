import type { ChallengeAnswer } from '../solver.ts';

export type HookAction = 'present' | 'cleanup';

/** How a hook is called that was written for another client. `hook-styles.ts` has the list of them. */
export interface HookStyle {
  /** The calls in words, for `--hook-style` and its errors. */
  calls: string;
  /** Whether answers are taken down by a command of their own (`--cleanup-hook`); where there is none, by nothing. */
  hasCleanupHook: boolean;
  /** What follows the command. @throws AcmeLedgerError `solver` for a token that no CA may give */
  argumentsFor(action: HookAction, answer: ChallengeAnswer): string[];
  /** What each of its variables holds, for `acme-ledger help hooks`. */
  variables: Readonly<Record<string, string>>;
  /**
   * The variables of the hook.
   * @param presented what the hook printed when it put this answer up; empty when another process put it up
   */
  variablesFor(action: HookAction, answer: ChallengeAnswer, presented: string): Record<string, string>;
}
