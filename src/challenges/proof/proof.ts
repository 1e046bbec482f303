import * as z from 'zod/mini'; // a quarter of zod's loading time
import { isRecord } from '../../json-record.ts';
import { parseSolverSettings, type SolverSettings, unreadableSettings } from '../settings.ts';
import { byConfiguration } from './solver-rules.ts';

/** How the names of a certificate are proven, as the ledger keeps it: what was typed stays, what follows the configuration doesn't. */
export interface Proof {
  usual: SolverSettings | FromConfiguration;
  /** The solver of each name that is set apart, by its name in the configuration or a built-in one. */
  solverFor: Readonly<Record<string, string>>;
}

/** The configuration's solvers, looked up anew at each order. */
export interface FromConfiguration {
  solver: typeof byConfiguration;
  /** The one solver that is asked for by its name; null: the rules choose, name by name. */
  name: string | null;
}

const kept = z.strictObject({ solver: z.literal(byConfiguration), name: z.optional(z.string()) });
const keptSolverFor = z.record(z.string(), z.string());

/** `certificates.settings` as the ledger holds it. @throws AcmeLedgerError `ledger` */
export function parseProof(stored: object): Proof {
  const { solverFor, ...usual } = { solverFor: {}, ...stored };
  const apart = keptSolverFor.safeParse(solverFor);
  if (!apart.success) throw unreadableSettings('solverFor');
  if (!isRecord(usual) || usual['solver'] !== byConfiguration)
    return { usual: parseSolverSettings(usual), solverFor: apart.data };
  const result = kept.safeParse(usual);
  if (!result.success) throw unreadableSettings('name');
  return {
    usual: { solver: byConfiguration, name: result.data.name ?? null },
    solverFor: apart.data,
  };
}

/** The proof as `certificates.settings` holds it: plain data, no secrets. */
export function keptProof({ usual, solverFor }: Proof): object {
  return {
    ...(isFromConfiguration(usual) ? keptReference(usual) : usual),
    ...(Object.keys(solverFor).length === 0 ? {} : { solverFor }),
  };
}

function keptReference({ solver, name }: FromConfiguration): object {
  return name === null ? { solver } : { solver, name };
}

export function isFromConfiguration(usual: Proof['usual']): usual is FromConfiguration {
  return usual.solver === byConfiguration;
}

/** The settings of a proof that is the same for all names, whatever the configuration says; else null. */
export function onlySettings({ usual, solverFor }: Proof): SolverSettings | null {
  return isFromConfiguration(usual) || Object.keys(solverFor).length > 0 ? null : usual;
}
