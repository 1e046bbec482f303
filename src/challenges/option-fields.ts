import { AcmeLedgerError } from '../errors.ts';

/** The challenge options of the command line, as given. */
export interface SolverOptions {
  challenge?: string | undefined;
  solver?: string | undefined;
  webroot?: string | undefined;
  listen?: string | number | undefined;
  hook?: string | undefined;
  hookStyle?: string | undefined;
  /** Durations: `90`, `90s`, `1h30m`. */
  hookTimeout?: string | number | undefined;
  hookConcurrency?: string | number | undefined;
  propagationTimeout?: string | number | undefined;
  resolver?: string | undefined;
}

export type OptionName = keyof SolverOptions;

/** The option as it is written on the command line. */
export function flagOf(option: OptionName): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function usage(message: string, hint: string): AcmeLedgerError {
  return new AcmeLedgerError('usage', message, { hint });
}
