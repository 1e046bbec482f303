import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';

/** The parts of `one,other`, each from the list of choices. @throws AcmeLedgerError `usage` */
export function parseChoices<Choice extends string>(
  text: string,
  choices: readonly Choice[],
  option: string,
): Choice[] {
  return text.split(',').map((part) => parseChoice(part.trim(), choices, option));
}

/** A word from the list of choices. @throws AcmeLedgerError `usage` */
export function parseChoice<Choice extends string>(
  text: string,
  choices: readonly Choice[],
  option: string,
): Choice {
  const chosen = choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  throw new AcmeLedgerError('usage', `${option} "${printable(text)}" isn't there`, {
    hint: `there is: ${choices.join(', ')}`,
  });
}
