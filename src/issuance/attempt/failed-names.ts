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
  /** The CA wouldn't have them in an order, so that no authorization tells of their failure. */
  refused: boolean;
  /** The CA has paused them: that is written down, and no failure. */
  paused?: true;
}

/** Because of which names an attempt failed; none when it failed for another reason, or it can't be told. */
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
    // One whose name isn't known may be the one that failed.
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
  // Boulder tells of a single one in its sentence only.
  const quoted = new Set(
    [...problem.detail.matchAll(/"([^"]{1,253})"/g)].map(([, name = '']) => comparableName(name)),
  );
  const detail = problem.detail.toLowerCase();
  return names.filter((name) => quoted.has(name) || detail.includes(`"${name}"`));
}

/**
 * The names whose CAA records Boulder looked at in vain, also when it looks once more at finalize; they are told without quotes. What
 * follows the colon may name other domains: the record of a parent is what forbids the name.
 */
function caaChecked(detail: string): Set<string> {
  const told = detail.matchAll(/\bprocessing CAA for ([^\s:]{1,255}):/gi);
  return new Set([...told].map(([, name = '']) => comparableName(name)));
}
