import type { SolverKind } from './solver-kind.ts';
import { flagOf } from './solver-option.ts';
import type { ChallengeType } from './solver.ts';
import { solvers } from './solvers.ts';

const kinds: readonly SolverKind[] = Object.values(solvers);
const answering = kinds.filter(({ answersNothing }) => answersNothing !== true);

/** The words of a command line that choose the solver: `--webroot DIR`, or its name where that is enough. */
export function choiceOf(kind: SolverKind): string {
  const required = Object.entries(kind.options).find(([, { isRequired }]) => isRequired === true);
  if (required === undefined) return `--solver ${kind.name}`;
  const [name, { placeholder }] = required;
  return `${flagOf(name)} ${placeholder}`;
}

/** Whether the solver's name is all that it needs to be told. */
export function needsNoOption(kind: SolverKind): boolean {
  return Object.values(kind.options).every(({ isRequired }) => isRequired !== true);
}

/** The first solver that answers and needs no option; null where each needs one. */
export function solverWithoutOptions(): SolverKind | null {
  return answering.find(needsNoOption) ?? null;
}

/** The solvers that can answer challenges of this type. */
export function solversFor(challenge: ChallengeType): SolverKind[] {
  return answering.filter(({ challenges }) => challenges.includes(challenge));
}

/** How to choose among all solvers, for a hint. */
export function howToChoose(): string {
  return `choose one of: ${kinds.map((kind) => `${choiceOf(kind)} (${kind.chosenWhen})`).join(', ')}`;
}

/** How to choose a solver whose usual challenge is this one, for a hint. */
export function choicesFor(challenge: ChallengeType): string {
  return answering
    .filter(({ challenges: [usual] }) => usual === challenge)
    .map(choiceOf)
    .join(', or ');
}
