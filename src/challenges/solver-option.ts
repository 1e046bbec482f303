import { AcmeLedgerError } from '../errors.ts';
import type { ChallengeType } from './solver.ts';

/** An option of a solver. Its name is that of its configuration key, of its CSV column, and in other letters of its flag. */
export interface SolverOption<Checked = unknown> {
  /** The value as `--help` shows it: `DIR` of `--webroot <DIR>`. */
  placeholder: string;
  help: string;
  /** The kind of value that a row or the configuration may hold; a command line holds text. */
  kind: OptionKind;
  /** The solver can't do without this option, which chooses it. */
  isRequired?: true;
  /** Several solvers have this option, the same one: giving it chooses none of them. */
  isShared?: true;
  /** The value that the settings get; the usual one for an option that isn't given. @throws AcmeLedgerError `usage` */
  check(given: string | undefined, place: OptionPlace): Checked;
}

export type OptionKind = 'text' | 'text-or-number' | 'duration';

/** The surroundings of a given value, for its check. */
export interface OptionPlace {
  /** The flag of the option, as in `--webroot`. */
  flag: string;
  /** The challenge that the solver will answer. */
  challenge: ChallengeType;
  /** The directory that relative paths start from. */
  directory: string;
  /** Whether files that a value names must be there now. */
  look: boolean;
}

/** The flag of an option: `--hook-timeout` for `hookTimeout`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The error of an option that can't be used as it was given. */
export function usage(message: string, hint: string): AcmeLedgerError {
  return new AcmeLedgerError('usage', message, { hint });
}
