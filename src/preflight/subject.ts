import type { Authority } from '../acme/authorities/authorities.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import type { ChallengeType } from '../challenges/solver.ts';

/** A name that is checked, and how an order would prove it. */
export interface Subject {
  /** As it was asked for; a wildcard with its `*.`. */
  name: string;
  /** Without `*.`, as an A-label. */
  base: string;
  type: 'dns' | 'ip';
  isWildcard: boolean;
  challenge: ChallengeType;
  /** How its certificate proves it; null for a name of no certificate. */
  settings: SolverSettings | null;
  authority: Authority;
  /** The CA's names in CAA records; empty where they aren't known. */
  caaIdentities: readonly string[];
  /** The URL of the account that would order it; null where there is none. */
  accountUrl: string | null;
}

/** Whether the CA is one that everybody knows: it certifies public names alone, and sees what everybody sees. */
export function isPublicCa({ authority }: Pick<Subject, 'authority'>): boolean {
  return authority.name !== null;
}
