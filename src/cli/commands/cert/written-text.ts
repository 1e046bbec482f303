import { printable } from '../../../printable.ts';
import { staysPausedText } from '../../../report/stays-wanted.ts';
import type { Written } from '../../../wanted/add.ts';

/** What a command wrote down of a certificate, as `cert set --json` shows it. */
export function writtenJson({ name, names, outcome, changes, isOrderedNext, paused }: Written): object {
  return {
    name,
    names,
    outcome,
    ...(changes.length === 0 ? {} : { changes, isOrderedNext }),
    ...(paused === null ? {} : { paused }),
  };
}

/** The same for a person, to whom the changes have been told. */
export function writtenText({ name, outcome, isOrderedNext, paused }: Written): string[] {
  const next = isOrderedNext ? 'the next acme-ledger renew orders it' : 'nothing is ordered for that';
  if (outcome === 'added' || outcome === 'unchanged' || paused !== null)
    return [
      `${printable(name)}: ${outcome}`,
      ...(paused === null ? [] : [`  ${staysPausedText(name, paused)}`]),
    ];
  return [`${printable(name)}: ${outcome}; ${next}`];
}
