import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import { pathAsMeant } from '../system/home-directory.ts';
import { printable } from '../printable.ts';
import { execSettingsOf } from './exec/options.ts';
import { flagOf, usage, type OptionName, type SolverOptions } from './option-fields.ts';
import { challengesOfSolver, type SolverSettings } from './settings.ts';
import { challengeTypes, type ChallengeType } from './solver.ts';
import { parseListenAddress } from '../system/socket-address.ts';

type SolverName = SolverSettings['solver'];

const solverNames = Object.keys(challengesOfSolver) as SolverName[];

/** The options that belong to one solver; the first one chooses it when `--solver` doesn't. */
const optionsOfSolver = {
  webroot: ['webroot'],
  standalone: ['listen'],
  exec: ['hook', 'hookStyle', 'hookTimeout', 'hookConcurrency', 'propagationTimeout', 'resolver'],
} as const satisfies Record<SolverName, readonly OptionName[]>;

const howToChoose =
  'choose one of: --webroot DIR (a web server serves it), --solver standalone (port 80 is free), --hook CMD (dns-01)';

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
  const solver = solverOf(options, wanted);
  rejectForeignOptions(options, solver);
  switch (solver) {
    case 'webroot':
      return {
        solver,
        challenge: typeFor(solver, wanted, challengesOfSolver.webroot),
        webroot: webrootOf(options, directory, look),
      };
    case 'standalone': {
      const challenge = typeFor(solver, wanted, challengesOfSolver.standalone);
      return { solver, challenge, listen: listenOf(options, challenge === 'http-01' ? 80 : 443) };
    }
    case 'exec':
      return execSettingsOf(options, typeFor(solver, wanted, challengesOfSolver.exec), directory, look);
  }
}

/** Every challenge option. */
export const solverOptionNames: readonly OptionName[] = [
  'challenge',
  'solver',
  ...Object.values(optionsOfSolver).flat(),
];

/** Whether any challenge option is given, so that options of one source can replace those of another as a whole. */
export function hasSolverOptions(options: SolverOptions): boolean {
  return solverOptionNames.some((name) => options[name] !== undefined);
}

function challengeOf({ challenge }: SolverOptions): ChallengeType | null {
  if (challenge === undefined) return null;
  const known = challengeTypes.find((type) => type === challenge);
  if (known !== undefined) return known;
  throw usage(`--challenge "${printable(challenge)}" isn't there`, `there is: ${challengeTypes.join(', ')}`);
}

function solverOf(options: SolverOptions, wanted: ChallengeType | null): SolverName {
  if (options.solver !== undefined) {
    const known = solverNames.find((name) => name === options.solver);
    if (known !== undefined) return known;
    throw usage(`--solver "${printable(options.solver)}" isn't there`, `there is: ${solverNames.join(', ')}`);
  }
  const implied = solverNames.filter((name) =>
    optionsOfSolver[name].some((option) => options[option] !== undefined),
  );
  if (implied.length > 1) {
    throw usage(
      `${givenOptions(options)} belong to different solvers`,
      `leave one out, or say which: --solver ${implied.join('|')}`,
    );
  }
  if (implied[0] !== undefined) return implied[0];
  if (wanted === 'tls-alpn-01') return 'standalone';
  if (wanted === 'dns-01') throw usage('dns-01 needs something that edits the zone', 'add --hook CMD');
  throw usage('nothing says how to prove that the names are yours', howToChoose);
}

function rejectForeignOptions(options: SolverOptions, solver: SolverName): void {
  const own: readonly OptionName[] = optionsOfSolver[solver];
  const foreign = solverNames
    .flatMap((name): readonly OptionName[] => optionsOfSolver[name])
    .find((option) => options[option] !== undefined && !own.includes(option));
  if (foreign === undefined) return;
  throw usage(
    `${flagOf(foreign)} isn't an option of the solver ${solver}`,
    `leave it out, or choose another --solver`,
  );
}

function typeFor<T extends ChallengeType>(
  solver: SolverName,
  wanted: ChallengeType | null,
  possible: readonly [T, ...T[]],
): T {
  if (wanted === null) return possible[0];
  const type = possible.find((one) => one === wanted);
  if (type !== undefined) return type;
  const others = solverNames.filter((name) =>
    (challengesOfSolver[name] as readonly ChallengeType[]).includes(wanted),
  );
  throw usage(
    `the solver ${solver} can't answer ${wanted}, only ${possible.join(' and ')}`,
    `for ${wanted} use --solver ${others.join(' or ')}`,
  );
}

function webrootOf({ webroot }: SolverOptions, directory: string, look: boolean): string {
  if (webroot === undefined || webroot.trim() === '') {
    throw usage('the solver webroot needs --webroot DIR', "give the web server's document root");
  }
  const path = resolve(
    directory,
    pathAsMeant(webroot, (fault, hint) => usage(`--webroot ${fault}`, hint)),
  );
  if (!look) return path;
  const hint = "give the web server's document root; acme-ledger makes .well-known/acme-challenge in it";
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw usage(`--webroot ${printable(path)} can't be used: ${printable(messageOf(error))}`, hint);
  }
  if (!isDirectory) throw usage(`--webroot ${printable(path)} isn't a directory`, hint);
  return path;
}

function listenOf({ listen }: SolverOptions, defaultPort: number): { host: string | null; port: number } {
  if (listen === undefined) return { host: null, port: defaultPort };
  const address = parseListenAddress(String(listen));
  if (address !== null) return address;
  throw usage(
    `--listen "${printable(String(listen))}" isn't [ADDR:]PORT`,
    'as in 8080, 127.0.0.1:8080 or [::1]:8080; ADDR is an IP address of this machine',
  );
}

function givenOptions(options: SolverOptions): string {
  return Object.values(optionsOfSolver)
    .flat()
    .filter((name) => options[name] !== undefined)
    .map(flagOf)
    .join(' and ');
}
