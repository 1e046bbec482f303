import { namesByWay, wayText } from '../../challenges/proof/proof-words.ts';
import { onlySettings, parseProof, type Proof } from '../../challenges/proof/proof.ts';
import type { SolverRules, Way } from '../../challenges/proof/solver-rules.ts';
import { wayOf } from '../../challenges/proof/ways.ts';
import { answersNothing } from '../../challenges/settings.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import { printable } from '../../printable.ts';

/** Names that are proven alike, as `provenBy` of docs/json.md. */
export interface ProvenBy {
  names: readonly string[];
  /** Null where nothing proves them today, as `error` says, or they are proven beforehand. */
  challenge: string | null;
  /** The kind of solver, as `webroot`. */
  solver: string | null;
  /** What chose it: the certificate's own options, `--solver`, `--solver-for`, or a pattern of the configuration. */
  chosenBy: Way['rule']['kind'] | null;
  /** The solver's name in the configuration. */
  name: string | null;
  /** The pattern that fits; null also for the solver that is for all other names. */
  pattern: string | null;
  /** The place in the configuration. */
  place: string | null;
  error: ReturnType<typeof errorRecord> | null;
}

/** How the names of a certificate are proven today. */
export interface ProofShown {
  provenBy: ProvenBy[];
  /** One a way, for a certificate whose names aren't all proven by its own options; else none. */
  lines: string[];
  /** The solvers that the configuration's rules chose, each once: `shops (config.yaml:2:3)`. */
  solvers: string[];
}

/** @param settings `certificates.settings`; what can't be read of them is told as an error */
export function proofShown(settings: object, names: readonly string[], rules: SolverRules): ProofShown {
  let proof: Proof;
  try {
    proof = parseProof(settings);
  } catch (error) {
    const fault = failed(names, error);
    return { provenBy: [fault], lines: [failureLine(fault)], solvers: [] };
  }
  const own = onlySettings(proof);
  if (own !== null) {
    const way: Way = { settings: own, rule: { kind: 'own' } };
    return { provenBy: [wayJson(names, way)], lines: [], solvers: [] };
  }
  return eachShown(proof, names, rules);
}

function eachShown(proof: Proof, names: readonly string[], rules: SolverRules): ProofShown {
  const ways = new Map<string, Way>();
  const failures: ProvenBy[] = [];
  for (const name of names) {
    try {
      ways.set(name, wayOf(proof, name, rules));
    } catch (error) {
      failures.push(failed([name], error));
    }
  }
  const groups = namesByWay(ways);
  const chosen = groups.flatMap(({ way: { rule } }) => (rule.kind === 'own' ? [] : [solverText(rule)]));
  return {
    provenBy: [...groups.map((group) => wayJson(group.names, group.way)), ...failures],
    lines: [
      ...groups.map((group) => `${group.names.join(' ')}: ${wayText(group.way)}`),
      ...failures.map(failureLine),
    ],
    solvers: [...new Set(chosen)],
  };
}

function failed(names: readonly string[], error: unknown): ProvenBy {
  if (!(error instanceof AcmeLedgerError)) throw error;
  return { ...nothingKnown, names, error: errorRecord(error) };
}

const nothingKnown = {
  challenge: null,
  solver: null,
  chosenBy: null,
  name: null,
  pattern: null,
  place: null,
} as const;

function wayJson(names: readonly string[], { settings, rule }: Way): ProvenBy {
  const { solver } = settings;
  const challenge = answersNothing(settings) ? null : settings.challenge;
  const way = {
    names,
    challenge,
    solver,
    chosenBy: rule.kind,
    name: null,
    pattern: null,
    place: null,
    error: null,
  };
  if (rule.kind === 'own') return way;
  const name = rule.place === null ? null : rule.solver;
  return { ...way, name, place: rule.place, pattern: rule.kind === 'pattern' ? rule.pattern : null };
}

function solverText(rule: Exclude<Way['rule'], { kind: 'own' }>): string {
  return `${printable(rule.solver)}${rule.place === null ? '' : ` (${rule.place})`}`;
}

function failureLine({ names, error }: ProvenBy): string {
  const hint = error?.hint ?? null;
  return `${names.join(' ')}: not proven: ${printable(error?.message ?? '')}${hint === null ? '' : `; ${printable(hint)}`}`;
}
