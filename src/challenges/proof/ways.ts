import { isIP } from 'node:net';
import { AcmeLedgerError } from '../../errors.ts';
import { fitOf } from '../../name-pattern.ts';
import { printable } from '../../printable.ts';
import { settingsFromOptions } from '../settings-from-options.ts';
import { type SolverSettings, whyUnsolvable } from '../settings.ts';
import { isFromConfiguration, onlySettings, parseProof, type Proof } from './proof.ts';
import { noRuleFor, onlyUnableRules, unableSolver, vanishedSolver } from './rule-errors.ts';
import type { FittingRule, SolverRules, Way } from './solver-rules.ts';

/** @throws AcmeLedgerError `configuration` for the first name that can't be proven so */
export function waysOf(proof: Proof, names: readonly string[], rules: SolverRules): Map<string, Way> {
  return new Map(names.map((name) => [name, wayOf(proof, name, rules)]));
}

/**
 * How these names are proven today, as plain data: another configuration gives something else. What can't be read or
 * told is kept as the ledger holds it.
 * @param stored `certificates.settings`
 */
export function provenToday(stored: object, names: readonly string[], rules: SolverRules): object {
  try {
    const proof = parseProof(stored);
    if (onlySettings(proof) !== null) return stored;
    const ways = [...waysOf(proof, names, rules)];
    return Object.fromEntries(ways.map(([name, { settings }]) => [name, settings]));
  } catch (error) {
    if (error instanceof AcmeLedgerError) return stored;
    throw error;
  }
}

/** How a name of the certificate is proven today. @throws AcmeLedgerError `configuration` */
export function wayOf({ usual, solverFor }: Proof, name: string, rules: SolverRules): Way {
  const apart = Object.hasOwn(solverFor, name) ? solverFor[name] : undefined;
  if (apart !== undefined) return able(name, namedWay(apart, { kind: 'solver-for', name }, rules));
  if (!isFromConfiguration(usual)) return { settings: usual, rule: { kind: 'own' } };
  if (usual.name !== null) return able(name, namedWay(usual.name, { kind: 'solver', name }, rules));
  return chosenWay(name, rules);
}

/** The settings of a built-in solver that needs no option; null for a name that is no such solver's. */
export function settingsByName(solver: string): SolverSettings | null {
  try {
    return settingsFromOptions({ solver }, '/', false);
  } catch (error) {
    if (error instanceof AcmeLedgerError) return null;
    throw error;
  }
}

function namedWay(
  solver: string,
  { kind, name }: { kind: 'solver' | 'solver-for'; name: string },
  { place, solvers }: SolverRules,
): Way {
  const named = solvers.find((each) => each.name === solver);
  if (named !== undefined)
    return { settings: named.settings, rule: { kind, solver: named.name, place: named.place } };
  const settings = settingsByName(solver);
  if (settings === null) throw vanishedSolver(solver, { kind, name }, place);
  return { settings, rule: { kind, solver, place: null } };
}

function able(name: string, way: Way): Way {
  const fault = whyUnsolvable(way.settings, identifierOf(name));
  if (fault === null || way.rule.kind === 'own') return way;
  throw unableSolver(way.rule, fault);
}

/** The most specific pattern wins, of those whose solver can prove such a name at all. */
function chosenWay(name: string, rules: SolverRules): Way {
  const fitting = fittingRules(name, rules);
  const chosen = fitting.find(({ solver }) => whyUnsolvable(solver.settings, identifierOf(name)) === null);
  if (chosen !== undefined) {
    const { solver, pattern, place } = chosen;
    return { settings: solver.settings, rule: { kind: 'pattern', solver: solver.name, pattern, place } };
  }
  const [first] = fitting;
  if (first === undefined) throw noRuleFor(name, rules);
  throw onlyUnableRules(name, whyUnsolvable(first.solver.settings, identifierOf(name)) ?? '', first);
}

/** The most specific first. */
function fittingRules(name: string, { solvers }: SolverRules): FittingRule[] {
  const rated = solvers.flatMap((solver): (FittingRule & { fit: number })[] => {
    if (solver.patterns === null) return [{ solver, pattern: null, place: solver.place, fit: -1 }];
    return solver.patterns.flatMap((pattern) => {
      const fit = fitOf(pattern, name);
      return fit === null ? [] : [{ solver, pattern: pattern.text, place: pattern.place, fit }];
    });
  });
  return rated.sort((one, other) => other.fit - one.fit);
}

function identifierOf(name: string): { type: 'dns' | 'ip'; value: string } {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: printable(name) };
}
