import type { Finding } from './finding.ts';

/** What was found of one name. */
export interface CheckedName {
  name: string;
  /** The CA's name for a person, and the challenge; null for what is no name. */
  way: { ca: string; challenge: string } | null;
  findings: Finding[];
}

export interface CheckSummary {
  names: number;
  /** Names with which an order would fail. */
  wouldFail: number;
}

/** The name of findings that are about this machine, or about all names. */
export const allNames = '*';
