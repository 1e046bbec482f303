import { AcmeLedgerError } from '../../errors.ts';
import type { Identifier } from '../../identifiers.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import { assertSolvable } from '../settings.ts';
import { isFromConfiguration, type Proof } from './proof.ts';
import type { SolverRules } from './solver-rules.ts';
import { waysOf } from './ways.ts';

/**
 * Whether these names can be proven this way at all.
 * @param rules null: what the configuration says isn't looked at
 * @throws AcmeLedgerError `usage`, `configuration`
 */
export function assertProvable(
  proof: Proof,
  identifiers: readonly Identifier[],
  rules: SolverRules | null,
): void {
  const names = identifiers.map(({ value }) => value);
  const unknown = Object.keys(proof.solverFor).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new AcmeLedgerError(
      'usage',
      `${printable(unknown)} is set apart by --solver-for, and isn't a name of the certificate`,
      { hint: `leave it out; --solver-for ${shellWord(printable(unknown))}= takes it away` },
    );
  }
  if (!isFromConfiguration(proof.usual)) {
    const usual = identifiers.filter(({ value }) => !Object.hasOwn(proof.solverFor, value));
    assertSolvable(proof.usual, usual);
  }
  if (rules !== null) waysOf(proof, names, rules);
}
