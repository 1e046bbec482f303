import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import { choicesFor } from '../solver-choice.ts';
import type { FittingRule, SolverRules, WayRule } from './solver-rules.ts';

/** A name that no pattern fits. */
export function noRuleFor(name: string, { place, solvers }: SolverRules): AcmeLedgerError {
  const shown = printable(name);
  const [first] = solvers;
  if (place === null || first === undefined) {
    return refusal(
      `the configuration says how ${shown} is proven, and it has no solvers: now`,
      `write solvers: into it again, or give the certificate a solver of its own, as in ${choicesFor('http-01')}`,
    );
  }
  return refusal(
    `no pattern of the solvers at ${place} fits ${shown}`,
    `write names: [${yamlName(name)}] at one of them (the first is ${printable(first.name)}, ${first.place}), or set it apart: --solver-for ${shellWord(shown)}=${shellWord(printable(first.name))}`,
  );
}

/** A name that patterns fit, all of solvers that can't prove it. @param fault why the most specific of them can't */
export function onlyUnableRules(name: string, fault: string, rule: FittingRule): AcmeLedgerError {
  const by = rule.pattern === null ? 'which is for all other names' : `by its pattern ${rule.pattern}`;
  const needed = name.startsWith('*.') ? 'dns-01' : 'http-01';
  return refusal(
    `${printable(name)} is for the solver ${printable(rule.solver.name)} (${rule.place}), ${by}, and ${fault}`,
    `write names: [${yamlName(name)}] at a solver that answers ${needed}`,
  );
}

/** A solver that is asked for by its name and can't prove that name. */
export function unableSolver(rule: Exclude<WayRule, { kind: 'own' }>, fault: string): AcmeLedgerError {
  const place = rule.place === null ? '' : ` (${rule.place})`;
  return refusal(
    `the solver ${printable(rule.solver)}${place} can't be used: ${fault}`,
    'name another solver for it: --solver-for NAME=SOLVER',
  );
}

/** A solver that a certificate asks for by its name, and that isn't in the configuration. */
export function vanishedSolver(
  solver: string,
  { kind, name }: { kind: 'solver' | 'solver-for'; name: string },
  place: string | null,
): AcmeLedgerError {
  const where =
    place === null ? 'the configuration has no solvers:' : `it isn't among the solvers at ${place}`;
  const how = kind === 'solver' ? '--solver NAME' : `--solver-for ${shellWord(printable(name))}=NAME`;
  return refusal(
    `${printable(name)} is to be proven by the solver ${printable(solver)}, and ${where}`,
    `write it there again, or have the certificate take another: ${how}`,
  );
}

/** In YAML, a `*` at the beginning is a reference to something else. */
function yamlName(name: string): string {
  return name.startsWith('*') ? `'${printable(name)}'` : printable(name);
}

function refusal(message: string, hint: string): AcmeLedgerError {
  return new AcmeLedgerError('configuration', message, { hint });
}
