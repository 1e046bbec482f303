import { systemClock } from '../clock.ts';
import type { RenewalFacts } from '../ledger/certificates/certificates.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import { printable } from '../printable.ts';
import type { CommandContext } from '../run/run-context.ts';
import { shellWord } from '../shell-word.ts';
import { pausedText } from '../report/paused-text.ts';
import type { RenewOptions } from './work.ts';

/** Tells a person who named paused certificates why nothing happens with them. */
export function tellPaused(
  { output }: CommandContext,
  paused: readonly RenewalFacts[],
  { names }: Pick<RenewOptions, 'names'>,
): void {
  if (names.length === 0) return;
  for (const facts of paused) {
    const pause = pauseOf(facts, systemClock.now());
    const name = printable(facts.name);
    output.warn(
      `${facts.name} is ${pausedText(pause)}, and left alone`,
      `acme-ledger cert resume ${shellWord(name)} ends the pause; acme-ledger issue --cert-name ${shellWord(name)} issues it all the same`,
    );
  }
}
