import { challengeTypes } from './solver.ts';
import type { SolverOptionTable } from './solver-kind.ts';
import type { OptionKind, SolverOption } from './solver-option.ts';
import { solvers, type SolverName } from './solvers.ts';

/** An option of a solver; those that two of them have are shared, and one option. */
type OwnOption = { [Name in SolverName]: keyof (typeof solvers)[Name]['options'] }[SolverName];

export type OptionName = 'challenge' | 'solver' | OwnOption;

/** How names are to be proven, as a person wrote it on a command line, in a row or in the configuration. */
export type SolverOptions = { [Name in 'challenge' | 'solver']?: string | undefined } & {
  [Name in OwnOption]?: string | number | undefined;
};

interface ListedOption extends Pick<SolverOption, 'placeholder' | 'help' | 'kind'> {
  name: OptionName;
}

const tables: readonly SolverOptionTable[] = Object.values(solvers).map(({ options }) => options);
const entries = tables.flatMap((table) => Object.entries(table));
const shared = new Map(entries.filter(([, { isShared: isOne }]) => isOne === true));

/** Every option that says how names are proven, in the order of `--help`. */
export const solverOptions: readonly ListedOption[] = [
  { name: 'challenge', placeholder: 'TYPE', help: alternatives(challengeTypes), kind: 'text' },
  {
    name: 'solver',
    placeholder: 'NAME',
    help: `${alternatives(Object.keys(solvers))}, or one of the configuration's solvers`,
    kind: 'text',
  },
  ...[...entries.filter(([name]) => !shared.has(name)), ...shared].map(([name, option]) => ({
    ...option,
    name: name as OwnOption,
  })),
];

/** Whether the option is one that several solvers have. */
export function isShared(name: string): boolean {
  return shared.has(name);
}

/** The kind of value that each option may have in a row or in the configuration. */
export const solverOptionKinds = Object.fromEntries(
  solverOptions.map(({ name, kind }) => [name, kind]),
) as Record<OptionName, OptionKind>;

export const solverOptionNames: readonly OptionName[] = solverOptions.map(({ name }) => name);

/** Whether any option is given, so that options of one source can replace those of another as a whole. */
export function hasSolverOptions(given: SolverOptions): boolean {
  return solverOptionNames.some((name) => given[name] !== undefined);
}

function alternatives(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
