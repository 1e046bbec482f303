import { type OptionName, type SolverOptions, hasSolverOptions, solverOptionNames } from './option-list.ts';
import { type SolverSettings, kindOf, parseSolverSettings } from './settings.ts';
import { isShared } from './option-list.ts';
import type { SolverKind } from './solver-kind.ts';
import { flagOf } from './solver-option.ts';

/** Checked settings from options. @param directory what relative paths in them start from, where it isn't the usual one */
export type SettingsOf = (options: SolverOptions, directory?: string) => SolverSettings;

/**
 * The settings of names that are proven already, where a person typed some options: those of the same solver are
 * laid over its settings, an empty one takes the setting away, and another solver takes the place of both.
 * @param before as the ledger holds them
 * @param given options of a command or a row, those that are about other things included
 * @throws AcmeLedgerError `usage`, `ledger`
 */
export function settingsOnto(before: object, given: SolverOptions, settingsOf: SettingsOf): SolverSettings {
  const typed = solverOptionsOf(given);
  if (!hasSolverOptions(typed)) return parseSolverSettings(before);
  const settings = readable(before);
  if (settings === null || !isForSolverOf(settings, typed)) return settingsOf(typed);
  const kind = kindOf(settings);
  const { directory } = kind.commandLine(settings);
  const options = {
    ...withoutEmpty(kind, { ...keptOptions(kind, settings, typed), ...typed }),
    solver: kind.name,
  };
  // A command is run where it was typed.
  const isTypedAnew = requiredOf(kind).some((name) => typed[name] !== undefined);
  return isTypedAnew ? settingsOf(options) : settingsOf(options, directory ?? undefined);
}

function solverOptionsOf(given: SolverOptions): SolverOptions {
  const own = solverOptionNames.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]));
  return Object.fromEntries(own) as SolverOptions;
}

/** Null for settings that can't be read: they are typed anew. */
function readable(before: object): SolverSettings | null {
  try {
    return parseSolverSettings(before);
  } catch {
    return null;
  }
}

/** Whether what was typed is for the solver of these settings, be it for another challenge that it can answer. */
function isForSolverOf(settings: SolverSettings, { challenge, solver, ...own }: SolverOptions): boolean {
  const kind = kindOf(settings);
  if (solver !== undefined && solver !== kind.name) return false;
  if (challenge !== undefined && !kind.challenges.some((type) => type === challenge)) return false;
  return Object.entries(own).every(([name]) => Object.hasOwn(kind.options, name) || isShared(name));
}

/** The options that give the settings again, without those that nobody chose: they go with the challenge. */
function keptOptions(kind: SolverKind, settings: SolverSettings, typed: SolverOptions): SolverOptions {
  const { words } = kind.commandLine(settings);
  const { challenge } = settings;
  const kept: [OptionName, string][] = solverOptionNames.flatMap((name) => {
    const at = words.indexOf(flagOf(name));
    const value = words[at + 1];
    const option = kind.options[name];
    if (at < 0 || value === undefined || option === undefined) return [];
    const place = { flag: flagOf(name), challenge, directory: '/', look: false };
    const isUsual =
      option.isRequired !== true && isSame(option.check(value, place), option.check(undefined, place));
    return isUsual ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(kept), challenge: typed.challenge ?? challenge };
}

/** Without what was typed empty, unless the solver needs it. */
function withoutEmpty(kind: SolverKind, typed: SolverOptions): SolverOptions {
  const required = requiredOf(kind);
  const given = Object.entries(typed).filter(([name, value]) => {
    if (value === undefined) return false;
    return value !== '' || required.some((one) => one === name);
  });
  return Object.fromEntries(given);
}

function requiredOf(kind: SolverKind): OptionName[] {
  return solverOptionNames.filter((name) => kind.options[name]?.isRequired === true);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
