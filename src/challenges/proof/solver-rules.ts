import type { PlacedPattern } from '../../name-pattern.ts';
import type { SolverSettings } from '../settings.ts';

/** A solver that the configuration gives a name, and the names that it is for. */
export interface NamedSolver {
  name: string;
  settings: SolverSettings;
  /** Null: for every name that no pattern of another solver fits. Empty: only for whoever asks for it by name. */
  patterns: readonly PlacedPattern[] | null;
  /** `config.yaml:3:5`, the place where it was written. */
  place: string;
}

/** `solvers:` of the configuration: how names are proven whose certificate doesn't say so itself. */
export interface SolverRules {
  /** The place of `solvers:`; null where there is none. */
  place: string | null;
  solvers: readonly NamedSolver[];
}

export const noSolverRules: SolverRules = { place: null, solvers: [] };

/** The name by which a certificate takes the configuration's solvers, name by name; no solver has it. */
export const byConfiguration = 'configuration';

/** How one name is proven, and what chose that. */
export interface Way {
  settings: SolverSettings;
  rule: WayRule;
}

export type WayRule =
  /** The certificate's own options, whatever the configuration says. */
  | { kind: 'own' }
  /** `--solver NAME`, `--solver-for`: a solver that the certificate asks for by its name; a built-in one has no place. */
  | { kind: 'solver' | 'solver-for'; solver: string; place: string | null }
  /** The most specific pattern of the configuration that fits the name; null: its solver for all other names. */
  | { kind: 'pattern'; solver: string; pattern: string | null; place: string };

/** A pattern of a solver that fits a name. */
export interface FittingRule {
  solver: NamedSolver;
  pattern: string | null;
  place: string;
}
