import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';

/** The parts of `one,other`, each from a list of what there is. @throws AcmeLedgerError `usage` */
export function parseChoices<Choice extends string>(
  text: string,
  choices: readonly Choice[],
  option: string,
): Choice[] {
  return text.split(',').map((part) => {
    const chosen = choices.find((choice) => choice === part.trim());
    if (chosen !== undefined) return chosen;
    throw new AcmeLedgerError('usage', `${option} "${printable(part)}" isn't there`, {
      hint: `there is: ${choices.join(', ')}`,
    });
  });
}
