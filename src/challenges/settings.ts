import * as z from 'zod/mini'; // a quarter of zod's loading time
import { AcmeLedgerError } from '../errors.ts';
import type { Identifier } from '../identifiers.ts';
import { printable } from '../printable.ts';
import { choicesFor } from './solver-choice.ts';
import type { SolverKind } from './solver-kind.ts';
import { solvers, type SolverName } from './solvers.ts';

const schemas = Object.values(solvers).map(({ schema }) => schema());
type Schema = (typeof schemas)[number];

/** The list of solvers isn't empty, which its type doesn't say. */
export const solverSettings = z.discriminatedUnion('solver', schemas as [Schema, ...Schema[]]);

export type SolverSettings = z.infer<ReturnType<(typeof solvers)[SolverName]['schema']>>;

/** How a name of a certificate is proven: its solver settings. A wildcard is asked for with its `*.`. */
export type WayOf = (name: string) => SolverSettings;

/** The solver that these settings are for. */
export function kindOf({ solver }: SolverSettings): SolverKind<SolverSettings> {
  return solvers[solver];
}

/** Whether the names are proven beforehand, or not at all. */
export function answersNothing(settings: SolverSettings): boolean {
  return kindOf(settings).answersNothing === true;
}

/** `http-01 by webroot`, of what proves a name. @param name the solver's, where the configuration gives it another */
export function provenByText(settings: SolverSettings, name: string = settings.solver): string {
  return answersNothing(settings) ? `beforehand, as ${name} says` : `${settings.challenge} by ${name}`;
}

/** Settings as the ledger holds them. @throws AcmeLedgerError `ledger` */
export function parseSolverSettings(stored: unknown): SolverSettings {
  const result = solverSettings.safeParse(stored);
  if (result.success) return result.data;
  throw unreadableSettings(issuesOf(result.error));
}

/** @param what what can't be read in them */
export function unreadableSettings(what: string): AcmeLedgerError {
  return new AcmeLedgerError('ledger', `the ledger holds solver settings that can't be read: ${what}`, {
    hint: 'issue the certificate again with its challenge options: they replace the settings',
  });
}

/**
 * Whether these names can be proven this way at all (RFC 8555 §7.1.3, §8; RFC 8738 §7).
 * @throws AcmeLedgerError `usage`
 */
export function assertSolvable(settings: SolverSettings, identifiers: readonly Identifier[]): void {
  const names = identifiers.map(({ value }) => value);
  const [unknown] = kindOf(settings).unknownNames?.(settings, names) ?? [];
  if (unknown !== undefined) {
    throw new AcmeLedgerError(
      'usage',
      `the options say how ${printable(unknown)} is proven, which isn't a name of the certificate`,
      { hint: `its names are ${names.slice(0, 5).map(printable).join(' ')}${names.length > 5 ? ' …' : ''}` },
    );
  }
  for (const identifier of identifiers) {
    const fault = whyUnsolvable(settings, identifier);
    if (fault === null) continue;
    const isWildcard = identifier.value.startsWith('*.');
    throw new AcmeLedgerError('usage', fault, {
      hint: isWildcard
        ? `give --challenge dns-01 ${choicesFor('dns-01')} instead`
        : `use ${choicesFor('http-01')}`,
    });
  }
}

/** Why a name can't be proven with these settings, whatever its owner does; null where it may be. */
export function whyUnsolvable(settings: SolverSettings, { type, value }: Identifier): string | null {
  const { challenge } = settings;
  if (answersNothing(settings)) return null;
  if (value.startsWith('*.') && !dnsChallenges.includes(challenge))
    return `the wildcard ${value} can only be proven with dns-01, not ${challenge}`;
  if (type === 'ip' && dnsChallenges.includes(challenge))
    return `the IP address ${value} can't be proven with ${challenge} (RFC 8738 §7)`;
  return null;
}

/** Those that a record in the DNS answers. */
const dnsChallenges: readonly string[] = ['dns-01', 'dns-persist-01'];

function issuesOf(error: z.core.$ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'solver'}: ${issue.message}`).join('; ');
}
