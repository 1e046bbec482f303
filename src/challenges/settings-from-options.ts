import { withMeant } from '../foreign-words.ts';
import { printable } from '../printable.ts';
import type { SolverSettings } from './settings.ts';
import { choiceOf, howToChoose, needsNoOption, solversFor } from './solver-choice.ts';
import type { CheckedOptions, SolverKind, SolverOptionTable } from './solver-kind.ts';
import { flagOf, usage } from './solver-option.ts';
import type { OptionPlace } from './solver-option.ts';
import type { SolverOptions } from './option-list.ts';
import { challengeTypes, type ChallengeType } from './solver.ts';
import { solvers } from './solvers.ts';

type Kind = SolverKind<SolverSettings>;
type Given = Readonly<Record<string, string | number | undefined>>;

const kinds: readonly Kind[] = Object.values(solvers);

/**
 * Checked settings from what a person wrote. One option is enough where it leaves no doubt: `--webroot` is http-01,
 * `--listen` is standalone http-01, `--hook` is exec dns-01, `--challenge tls-alpn-01` is standalone.
 * `directory` is what relative paths start from; without `look` nobody looks whether what they name is there.
 * @throws AcmeLedgerError `usage`
 */
export function settingsFromOptions(
  options: SolverOptions,
  directory = process.cwd(),
  look = true,
): SolverSettings {
  const wanted = challengeOf(options);
  const kind = kindFor(options, wanted);
  rejectForeignOptions(options, kind);
  const challenge = typeFor(kind, wanted);
  const values = checkedValues(kind, options, { challenge, directory, look });
  return kind.settingsFrom(values, { challenge, directory, look });
}

function challengeOf({ challenge }: SolverOptions): ChallengeType | null {
  if (challenge === undefined) return null;
  const known = challengeTypes.find((type) => type === challenge);
  if (known !== undefined) return known;
  throw usage(
    `--challenge "${printable(challenge)}" isn't there`,
    withMeant('challenge', challenge, `there is: ${challengeTypes.join(', ')}`),
  );
}

function kindFor(options: SolverOptions, wanted: ChallengeType | null): Kind {
  if (options.solver !== undefined) return kindNamed(options.solver);
  const implied = kinds.filter((kind) => ownGivenOf(options, kind).length > 0);
  if (implied.length > 1) {
    throw usage(
      `${implied.flatMap((kind) => ownGivenOf(options, kind).map(flagOf)).join(' and ')} belong to different solvers`,
      `leave one out, or say which: --solver ${implied.map(({ name }) => name).join('|')}`,
    );
  }
  return implied[0] ?? kindWithoutOptions(wanted);
}

function kindNamed(solver: string): Kind {
  const known = kinds.find(({ name }) => name === solver);
  if (known !== undefined) return known;
  throw usage(
    `--solver "${printable(solver)}" isn't there`,
    withMeant('solver', solver, `there is: ${kinds.map(({ name }) => name).join(', ')}`),
  );
}

/** The only solver for the challenge, where it needs no option. @throws AcmeLedgerError `usage` when there is a choice */
function kindWithoutOptions(wanted: ChallengeType | null): Kind {
  const able = kinds.filter(
    ({ challenges, answersNothing }) =>
      wanted !== null && answersNothing !== true && challenges.includes(wanted),
  );
  const [only] = able;
  if (only !== undefined && able.length === 1 && needsNoOption(only)) return only;
  if (wanted === 'dns-01')
    throw usage('dns-01 needs something that edits the zone', `add ${able.map(choiceOf).join(', or ')}`);
  throw usage('nothing says how to prove that the names are yours', howToChoose());
}

function rejectForeignOptions(options: SolverOptions, { name, options: own }: Kind): void {
  const foreign = kinds
    .flatMap((kind) => givenOf(options, kind))
    .find((option) => !Object.hasOwn(own, option));
  if (foreign === undefined) return;
  const having = kinds.filter((kind) => Object.hasOwn(kind.options, foreign));
  if (having.some((kind) => kind.options[foreign]?.isShared === true)) {
    throw usage(
      `${flagOf(foreign)} says nothing to the solver ${name}`,
      `leave it out, or choose --solver ${having.map((kind) => kind.name).join('|')}`,
    );
  }
  throw usage(
    `${flagOf(foreign)} isn't an option of the solver ${name}`,
    `leave it out, or choose another --solver`,
  );
}

function typeFor({ name, challenges }: Kind, wanted: ChallengeType | null): SolverSettings['challenge'] {
  if (wanted === null) return challenges[0];
  const type = challenges.find((each) => each === wanted);
  if (type !== undefined) return type;
  const others = solversFor(wanted).map((other) => other.name);
  throw usage(
    `the solver ${name} can't answer ${wanted}, only ${challenges.join(' and ')}`,
    `for ${wanted} use --solver ${others.join(' or ')}`,
  );
}

function checkedValues(
  kind: Kind,
  given: Given,
  place: Omit<OptionPlace, 'flag'>,
): CheckedOptions<SolverOptionTable> {
  const checked = Object.entries(kind.options).map(([name, option]) => {
    const value = given[name];
    const text = value === undefined ? undefined : String(value);
    return [name, option.check(text, { ...place, flag: flagOf(name) })] as const;
  });
  return Object.fromEntries(checked);
}

/** The options of the solver that are given. */
function givenOf(given: Given, { options }: Kind): string[] {
  return Object.keys(options).filter((name) => given[name] !== undefined);
}

/** Those of them that no other solver has: they choose it. */
function ownGivenOf(given: Given, kind: Kind): string[] {
  return givenOf(given, kind).filter((name) => kind.options[name]?.isShared !== true);
}
