import type { ErrorRecord } from '../../errors.ts';
import { comparableName } from '../../identifiers.ts';
import { authorizationsOf, nameProven } from '../../ledger/authorizations/authorizations.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { pausedNames, unpauseUrl } from '../../ca-pause.ts';
import type { Attempt } from './attempt.ts';

/** Problems of a whole order that say which of its names they are about (RFC 8555 §6.7.1). */
const namingTypes = ['rejectedIdentifier', 'unsupportedIdentifier', 'caa', 'compound', 'malformed'].map(
  (type) => `urn:ietf:params:acme:error:${type}`,
);

export interface FailedNames {
  names: string[];
  /** The CA refused an order with these names, so no authorization tells of their failure. */
  refused: boolean;
  /** The CA has paused these names: the pause is recorded, and isn't counted as a failure. */
  paused?: true;
}

/**
 * The names because of which an attempt failed; none when it failed otherwise, or the names can't be told.
 */
export async function failedNames(
  ledger: Ledger,
  attempt: Attempt,
  names: readonly string[],
): Promise<FailedNames> {
  const { error, orderId } = attempt;
  if (error?.code === 'ca-limit' && error.problem !== null && unpauseUrl(error.problem) !== null)
    return { names: pausedNames(error.problem, names), refused: true, paused: true };
  if (error === null || attempt.status !== 'failed') return { names: [], refused: false };
  if (orderId !== null && (error.code === 'authorization-invalid' || error.code === 'solver')) {
    const rows = await authorizationsOf(ledger, orderId);
    const proven = rows.map(nameProven);
    // An authorization whose name isn't known may be the failed one.
    if (rows.length === 0 || proven.includes(null)) return { names: [], refused: false };
    const well = new Set(rows.filter(({ status }) => status === 'valid').map(nameProven));
    return { names: names.filter((name) => !well.has(name)), refused: false };
  }
  return { names: refusedNames(error, names), refused: true };
}

function refusedNames({ problem }: ErrorRecord, names: readonly string[]): string[] {
  if (problem === null || !namingTypes.includes(problem.type)) return [];
  const told = new Set(
    problem.subproblems.flatMap(({ identifier }) =>
      identifier === undefined ? [] : comparableName(identifier.value),
    ),
  );
  if (told.size > 0) return names.filter((name) => told.has(name));
  const checked = caaChecked(problem.detail);
  if (checked.size > 0) return names.filter((name) => checked.has(name));
  // Boulder tells of a single refused name only in the problem's sentence.
  const quoted = new Set(
    [...problem.detail.matchAll(/"([^"]{1,253})"/g)].map(([, name = '']) => comparableName(name)),
  );
  const detail = problem.detail.toLowerCase();
  return names.filter((name) => quoted.has(name) || detail.includes(`"${name}"`));
}

/**
 * The names whose CAA records Boulder checked in vain, at validation or once more at finalize; Boulder writes
 * them without quotes. The text after the colon may name other domains: the record of a parent domain can
 * forbid the name.
 */
function caaChecked(detail: string): Set<string> {
  const told = detail.matchAll(/\bprocessing CAA for ([^\s:]{1,255}):/gi);
  return new Set([...told].map(([, name = '']) => comparableName(name)));
}
