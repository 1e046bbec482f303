import { solverOptionNames, type SolverOptions } from '../challenges/option-list.ts';
import { byConfiguration, type NamedSolver, type SolverRules } from '../challenges/proof/solver-rules.ts';
import { settingsFromOptions } from '../challenges/settings-from-options.ts';
import { solvers as builtIn } from '../challenges/solvers.ts';
import { meantWord } from '../foreign-words.ts';
import { isRecord } from '../json-record.ts';
import type { PlacedPattern } from '../name-pattern.ts';
import { nearestWord } from '../nearest-word.ts';
import { printable } from '../printable.ts';
import { badRow, checkedField } from './certificate-fields.ts';
import { located } from './configured-certificates.ts';
import type { PlaceOf } from './limit-changes.ts';
import type { Origin } from './option-check.ts';
import { optionError } from './option-check.ts';
import { placedPatterns, placeText } from './placed-patterns.ts';

const example = 'write a name for each, with its options and the names: that it is for (docs/solvers.md)';

/**
 * Checks `solvers:` of a configuration file: a mapping from names to the options of a solver, and the names that it is
 * for. Whether webroots and hooks are there isn't looked at: one that is gone is the fault of the names that need it.
 * @param placeOf where a value was written, by the keys that lead to it
 * @throws AcmeLedgerError with the place of the first fault
 */
export function checkSolvers(value: unknown, placeOf: PlaceOf): SolverRules {
  const origin = placeOf([]);
  if (!isRecord(value)) throw optionError(origin, 'solvers must be a mapping', example);
  const solvers = Object.entries(value).map(([name, options]) => namedSolver(name, options, placeOf));
  assertOneRest(solvers, placeOf);
  assertOnePatternEach(solvers, placeOf);
  return { place: placeText(origin), solvers };
}

function namedSolver(name: string, value: unknown, placeOf: PlaceOf): NamedSolver {
  const origin = placeOf([name]);
  assertName(name, origin);
  if (!isRecord(value)) throw optionError(origin, "this isn't a mapping", example);
  const { names, ...options } = value;
  const given = Object.fromEntries(
    Object.entries(options).flatMap(([key, each]) =>
      located(placeOf([name, key]), () => (each === null ? [] : [[key, checkedOption(key, each)] as const])),
    ),
  ) as SolverOptions;
  return {
    name,
    settings: located(origin, () => settingsFromOptions(given, origin.baseDirectory, false)),
    patterns: names === undefined ? null : patternsOf(names, (path) => placeOf([name, 'names', ...path])),
    place: placeText(origin),
  };
}

/** A name that an option can give: no built-in solver's. */
function assertName(name: string, origin: Origin): void {
  if (Object.hasOwn(builtIn, name) || name === byConfiguration) {
    const says = name === byConfiguration ? 'stands for all of them' : 'is a solver that is built in';
    throw optionError(origin, `the name ${name} ${says}`, `give it another name, as in my-${name}`);
  }
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return;
  throw optionError(
    origin,
    `"${printable(name)}" is no name for a solver`,
    'letters, digits, dots, hyphens and underscores make one, as in web-servers',
  );
}

function checkedOption(key: string, value: unknown): unknown {
  const known = solverOptionNames.find((option) => option === key);
  if (known !== undefined) return checkedField(known, value);
  const nearest = meantWord('field', key) ?? nearestWord(key, [...solverOptionNames, 'names']);
  throw badRow(
    `there is no option "${printable(key).slice(0, 60)}" of a solver`,
    nearest === null
      ? `the options are ${[...solverOptionNames, 'names'].join(', ')}`
      : `did you mean ${nearest}?`,
  );
}

function patternsOf(names: unknown, placeOf: PlaceOf): PlacedPattern[] {
  const hint = "write names: [example.com, '*.example.com']; without names: it is for all other names";
  return placedPatterns(names, { key: 'names', hint }, placeOf);
}

function assertOneRest(solvers: readonly NamedSolver[], placeOf: PlaceOf): void {
  const [first, second] = solvers.filter(({ patterns }) => patterns === null);
  if (first === undefined || second === undefined) return;
  throw optionError(
    placeOf([second.name]),
    `${second.name} has no names:, and neither has ${first.name} (${first.place}): both would be for all other names`,
    'write the names that it is for; names: [] is for none, and leaves it to --solver and solverFor',
  );
}

function assertOnePatternEach(solvers: readonly NamedSolver[], placeOf: PlaceOf): void {
  const seen = new Map<string, string>();
  for (const { name, patterns } of solvers) {
    for (const [index, { text, place }] of (patterns ?? []).entries()) {
      const before = seen.get(text);
      if (before !== undefined) {
        const origin = placeOf([name, 'names', String(index)]);
        throw optionError(origin, `${text} is there twice, first at ${before}`, 'leave one out');
      }
      seen.set(text, place);
    }
  }
}
