import type { ChallengeAnswer } from '../solver.ts';

export type HookAction = 'present' | 'cleanup';

/** How a hook is called that was written for another client. `hook-styles.ts` has the list of them. */
export interface HookStyle {
  /** The calls in words, for `--hook-style` and its errors. */
  calls: string;
  /** What follows the command. @throws AcmeLedgerError `solver` for a token that no CA may give */
  argumentsFor(action: HookAction, answer: ChallengeAnswer): string[];
}
