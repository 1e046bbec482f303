import type { AcmeLedgerError } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import { printable } from '../../printable.ts';
import { type SettingsOf, settingsOnto } from '../kept-settings.ts';
import { hasSolverOptions, solverOptionNames, type SolverOptions } from '../option-list.ts';
import { flagOf, usage } from '../solver-option.ts';
import { solvers as builtIn } from '../solvers.ts';
import { type FromConfiguration, isFromConfiguration, parseProof, type Proof } from './proof.ts';
import { byConfiguration, type NamedSolver, type SolverRules } from './solver-rules.ts';
import { settingsByName } from './ways.ts';

/** How names are to be proven, as a person wrote it. */
export interface ProofOptions extends SolverOptions {
  /** `NAME=SOLVER`, several with commas between, or a mapping; an empty SOLVER takes what is set apart away. */
  solverFor?: string | Readonly<Record<string, string>> | undefined;
}

/** Whether any option is given that says how names are proven. */
export function hasProofOptions(given: ProofOptions): boolean {
  return given.solverFor !== undefined || hasSolverOptions(given);
}

/** The parts of the program that make a proof of what was written. */
interface ProofParts {
  settingsOf: SettingsOf;
  rules: SolverRules;
}

/**
 * The proof that a person wrote: what isn't typed stays as it is, and a new certificate takes the configuration's
 * solvers where there are some.
 * @param before as the ledger holds it; null for a new certificate
 * @throws AcmeLedgerError `usage`, `ledger`
 */
export function proofOnto(before: object | null, given: ProofOptions, parts: ProofParts): Proof {
  const kept = before === null ? null : keptProofOf(before, given);
  return {
    usual: usualOnto(kept, before, given, parts),
    solverFor: apartOnto(kept?.solverFor ?? {}, given.solverFor, parts.rules),
  };
}

/** Null for a proof that can't be read and is typed anew. */
function keptProofOf(before: object, given: ProofOptions): Proof | null {
  try {
    return parseProof(before);
  } catch (error) {
    if (hasSolverOptions(given)) return null;
    throw error;
  }
}

function usualOnto(
  kept: Proof | null,
  before: object | null,
  given: ProofOptions,
  parts: ProofParts,
): Proof['usual'] {
  const asked = fromConfiguration(given, parts.rules);
  if (asked !== null) return asked;
  if (kept !== null && !hasSolverOptions(given)) return kept.usual;
  if (kept !== null && !isFromConfiguration(kept.usual))
    return settingsOnto(kept.usual, given, parts.settingsOf);
  if (before === null && !hasSolverOptions(given) && parts.rules.solvers.length > 0)
    return { solver: byConfiguration, name: null };
  return parts.settingsOf(given);
}

/** The configuration's solvers, where `--solver` names them; null where it names a built-in one, or nothing. */
function fromConfiguration(given: ProofOptions, rules: SolverRules): FromConfiguration | null {
  const { solver } = given;
  if (solver === undefined) return null;
  if (solver === byConfiguration || solver === '') {
    if (rules.place === null)
      throw usage(
        'the configuration has no solvers:',
        'write them into it (docs/solvers.md), or name a solver',
      );
    assertAlone(given, `the configuration's solvers, at ${rules.place},`);
    return { solver: byConfiguration, name: null };
  }
  const named = rules.solvers.find(({ name }) => name === solver);
  if (named !== undefined) {
    assertAlone(given, `the solver ${printable(named.name)}, at ${named.place},`);
    return { solver: byConfiguration, name: named.name };
  }
  if (rules.solvers.length > 0 && !Object.hasOwn(builtIn, solver))
    throw unknownSolver('--solver', solver, rules);
  return null;
}

/** A solver of the configuration has its options there. */
function assertAlone(given: SolverOptions, what: string): void {
  const other = solverOptionNames.find((name) => name !== 'solver' && given[name] !== undefined);
  if (other === undefined) return;
  throw usage(
    `${flagOf(other)} can't be given beside --solver: ${what} has its options in the configuration`,
    'change it there, or leave one of the two out',
  );
}

function apartOnto(
  kept: Proof['solverFor'],
  given: ProofOptions['solverFor'],
  rules: SolverRules,
): Proof['solverFor'] {
  if (given === undefined) return kept;
  // An empty value takes all away.
  if (given === '') return {};
  const entries = new Map(Object.entries(kept));
  for (const [name, solver] of entriesOf(given)) {
    if (solver === '') entries.delete(name);
    else entries.set(name, apartSolver(solver, rules));
  }
  return Object.fromEntries(entries);
}

function entriesOf(given: string | Readonly<Record<string, string>>): [string, string][] {
  const pairs: [string, string][] =
    typeof given === 'string'
      ? given.split(',').map((entry) => {
          const [, name = '', solver] = /^([^=]*)=(.*)$/s.exec(entry.trim()) ?? [];
          if (name !== '' && solver !== undefined) return [name, solver.trim()];
          throw usage(
            `--solver-for "${printable(entry)}" isn't NAME=SOLVER`,
            "as in --solver-for '*.example.com=zones'; NAME= takes away what is set apart for it",
          );
        })
      : Object.entries(given);
  return pairs.map(([name, solver]) => [parseName(name).value, solver]);
}

/** @throws AcmeLedgerError `usage` for a name that is no solver's, or that of one whose options nobody gives */
function apartSolver(solver: string, rules: SolverRules): string {
  const isKnown = rules.solvers.some(({ name }) => name === solver) || settingsByName(solver) !== null;
  if (isKnown) return solver;
  if (!Object.hasOwn(builtIn, solver)) throw unknownSolver('--solver-for', solver, rules);
  throw usage(
    `--solver-for can't say with which options the solver ${solver} proves the name`,
    'give it a name and its options under solvers: in the configuration (docs/solvers.md), and use that name',
  );
}

function unknownSolver(flag: string, solver: string, { place, solvers }: SolverRules): AcmeLedgerError {
  const own = solvers.map(({ name }: NamedSolver) => printable(name));
  const where =
    place === null ? 'the configuration has no solvers:' : `those at ${place} are ${own.join(', ')}`;
  return usage(
    `${flag} "${printable(solver)}" isn't there`,
    `${where}; built in are ${Object.keys(builtIn).join(', ')}`,
  );
}
