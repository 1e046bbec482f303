import type { SolverRules } from '../challenges/proof/solver-rules.ts';
import type { PlacedPattern } from '../name-pattern.ts';
import type { ConfiguredCertificate } from './configured-certificates.ts';
import type { LimitsGiven } from './limit-changes.ts';
import { checkOption, type Given } from './option-check.ts';
import { optionKeys, options, variableOf, type OptionKey, type OptionValues } from './option-table.ts';

/** The options of one source. Limits, rules, solvers and certificates are only in the configuration file. */
export type Layer = { [Key in OptionKey]?: Given<OptionValues[Key]> } & {
  limits?: Given<LimitsGiven>;
  neverOrder?: Given<PlacedPattern[]>;
  solvers?: Given<SolverRules>;
  certificates?: Given<ConfiguredCertificate[]>;
};

/** The flags as commander gives them, by the options' keys; what wasn't given is undefined or missing. */
export type Flags = { [Key in OptionKey | 'config']?: string | number | boolean | undefined };

/** Checks the flags. @throws AcmeLedgerError `usage` */
export function flagLayer(flags: Flags, cwd: string): Layer {
  return layerOf(
    (key) => (isTyped(key, flags[key]) ? flags[key] : undefined),
    (key) => `--${options[key].flag}`,
    cwd,
  );
}

/** Checks the environment variables; an empty one counts as not set. @throws AcmeLedgerError `usage` */
export function environmentLayer(environment: NodeJS.ProcessEnv, cwd: string): Layer {
  const layer = layerOf(
    (key) => (environment[variableOf(key)] === '' ? undefined : environment[variableOf(key)]),
    variableOf,
    cwd,
  );
  const { progress, log } = layer;
  // The variables are named after their flags, --no-progress and --no-log.
  return {
    ...layer,
    ...(progress === undefined ? {} : { progress: { ...progress, value: !progress.value } }),
    ...(log === undefined ? {} : { log: { ...log, value: !log.value } }),
  };
}

/** The first source that has an option decides. */
export function mergeLayers(layers: readonly Layer[]): Layer {
  return Object.assign({}, ...[...layers].reverse()) as Layer;
}

/** Whether a person gave the flag: commander's defaults are false, 0 for -v and true for the negated --no-progress and --no-log. */
function isTyped(key: OptionKey, value: Flags[OptionKey]): boolean {
  return key === 'progress' || key === 'log' ? value === false : value !== false && value !== 0;
}

function layerOf(
  read: (key: OptionKey) => unknown,
  labelOf: (key: OptionKey) => string,
  baseDirectory: string,
): Layer {
  const layer: Partial<Record<OptionKey, Given<unknown>>> = {};
  for (const key of optionKeys) {
    const value = read(key);
    if (value === undefined) continue;
    layer[key] = checkOption(key, value, { code: 'usage', label: labelOf(key), baseDirectory });
  }
  // Each value has just been checked by its own key's schema.
  return layer as Layer;
}
