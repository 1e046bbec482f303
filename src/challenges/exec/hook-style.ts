import type { BatchAnswer, ChallengeAnswer } from '../solver.ts';
import type { OptionPlace } from '../solver-option.ts';

export type HookAction = 'present' | 'cleanup';

/** How a hook is called that was written for another client. `hook-styles.ts` has the list of them. */
export interface HookStyle {
  /** The calls in words, for `--hook-style` and its errors. */
  calls: string;
  /** Whether answers are taken down by a command of their own (`--cleanup-hook`); where there is none, by nothing. */
  hasCleanupHook: boolean;
  /** The one challenge type that its client has such hooks for; missing where they are for dns-01 and http-01. */
  onlyFor?: 'dns-01';
  /** One call puts up, or takes down, all answers of an order that have this hook. */
  isChained?: true;
  /**
   * The hook as the settings keep it, where a person may type less than that.
   * @throws AcmeLedgerError `usage` for a hook that this style can't call
   */
  hookFrom?(typed: string, place: Pick<OptionPlace, 'directory' | 'look'>): string;
  /** The hook is no command, but a script that one reads. */
  isScript?: true;
  /**
   * The commands that a call runs, one after the other; missing where the hook is the one. More than one: those that don't take the call are
   * passed over (`notMine`). @throws AcmeLedgerError `solver`
   */
  commandsFor?(hook: string, directory: string): HookCommand[];
  /** What follows the command. @throws AcmeLedgerError `solver` for a token that no CA may give */
  argumentsFor(action: HookAction, answer: ChallengeAnswer, together: readonly BatchAnswer[]): string[];
  /** What each of its variables holds, for `acme-ledger help hooks`. */
  variables: Readonly<Record<string, string>>;
  /**
   * The variables of the hook.
   * @param presented what the hook printed when it put this answer up; empty when another process put it up
   */
  variablesFor(action: HookAction, answer: ChallengeAnswer, presented: string): Record<string, string>;
  /** The hook's stdin; nothing where missing. */
  inputFor?(answer: ChallengeAnswer): string;
  /** The exit code by which a hook says that it doesn't take this call. */
  notMine?: number;
  /** Any other exit code than 0 of `present` declines the answer: it isn't up, and not taken down. */
  mayDecline?: true;
}

/** One command of a call. */
export interface HookCommand {
  /** A shell command, made of what a person typed alone. */
  command: string;
  /** The script that the command reads, which then is the hook: its file is looked at like a command's. */
  script?: string;
  variables?: Record<string, string>;
}
