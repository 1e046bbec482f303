import type * as z from 'zod/mini';
import type { ChallengeType, Solver } from './solver.ts';
import type { OptionPlace, SolverOption } from './solver-option.ts';
import type { VisibilityParts } from './visibility/dns-visibility.ts';
import type { VisibilitySettings } from './visibility/settings.ts';

/** All that the program knows of one solver. `solvers.ts` has the list of them. */
export interface SolverKind<
  Settings extends AnySettings = AnySettings,
  Options extends SolverOptionTable = SolverOptionTable,
> {
  /** The solver's name for `--solver`, and in the settings that the ledger keeps. */
  name: Settings['solver'];
  /** The challenge types that it can answer, the usual one first. */
  challenges: readonly [Settings['challenge'], ...Settings['challenge'][]];
  /** When a person chooses it, in few words. */
  chosenWhen: string;
  /** No answer is ever put up: the names are proven beforehand, or not at all. */
  answersNothing?: true;
  /** Its options, by their names in the configuration, in the order of `--help`; those that it shares with others last. */
  options: Options;
  /** Makes the schema of its settings as the ledger holds them: making all of them takes a command longer than reading its options. */
  schema: () => z.ZodMiniType<Settings> & z.core.$ZodTypeDiscriminable;
  settingsFrom(
    values: CheckedOptions<Options>,
    place: Omit<OptionPlace, 'flag' | 'challenge'> & { challenge: Settings['challenge'] },
  ): Settings;
  /** The names that these settings say something of, and that aren't among these; missing for a solver whose settings name none. */
  unknownNames?(settings: Settings, names: readonly string[]): string[];
  /** Cheap: it loads the solver's code when it is first used (`lazy-solver.ts`). */
  create(settings: Settings, parts: SolverParts): Solver;
  /** The queue of its answers where many are put up or taken down; null for a solver whose answers needn't wait for each other. */
  queue(settings: Settings): SolverQueue | null;
  /** How long `cleanUp` may take from its turn on; null for a solver that limits itself. */
  cleanUpLimitMs: number | null;
  /** How its TXT records are waited for; null for a solver that leaves this to its callers. */
  propagation(settings: Settings): VisibilitySettings | null;
  /** The solver itself listens where the CA looks, only while an answer is up; any other is shown by a server that is always there. */
  isListener?: true;
  /** The command line that gives these settings again. */
  commandLine(settings: Settings): CommandLine;
  /** The programs that are run and the directories that are written to, in one line for a person. */
  shown(settings: Settings): { label: string; text: string };
}

/** The part of the settings that every solver has. */
export interface AnySettings {
  solver: string;
  challenge: ChallengeType;
}

export type SolverOptionTable = Readonly<Record<string, SolverOption>>;

/** The checked value of each option. */
export type CheckedOptions<Options extends SolverOptionTable> = {
  [Name in keyof Options]: ReturnType<Options[Name]['check']>;
};

/** The parts of the program that solvers need. */
export interface SolverParts extends VisibilityParts {
  /** The run of the ledger, by which a hook that outlives it is found; none in a process that has no ledger. */
  runId?: string;
}

/** A queue of answers: those with the same key wait until fewer than `concurrency` of them are being worked on. */
export interface SolverQueue {
  key: string;
  concurrency: number;
}

export interface CommandLine {
  /** The directory that the command is to be run in; null: any. */
  directory: string | null;
  words: string[];
}
