import { AcmeLedgerError } from '../../errors.ts';
import { pauseOf } from '../../ca-pause.ts';
import type { FailingNames } from './name-choice.ts';
import { shellWords } from '../../shell-word.ts';

const shownMost = 5;

/** A name that no order is made for, and why. */
export interface SuspendedName {
  name: string;
  /** The page on which a person ends the CA's pause of the name; null for a name that failed for too long. */
  unpauseUrl: string | null;
}

/** Why these names are suspended. */
export function asSuspended(names: readonly string[], failing: FailingNames): SuspendedName[] {
  return names.map((name) => ({ name, unpauseUrl: pauseOf(failing.get(name)?.last_error ?? null) }));
}

/** `a.test, b.test and 3 more failed for so long that no order names them`, or that the CA paused them. */
export function suspendedText(names: readonly SuspendedName[]): string {
  const shown = names
    .slice(0, shownMost)
    .map(({ name }) => name)
    .join(', ');
  const more = names.length > shownMost ? ` and ${String(names.length - shownMost)} more` : '';
  const [are, them] = names.length === 1 ? ['is', 'it'] : ['are', 'them'];
  if (names.every(({ unpauseUrl }) => unpauseUrl !== null)) return `${shown}${more} ${are} paused by the CA`;
  return `${shown}${more} failed for so long that no order names ${them}`;
}

/** The hint for a person: how to resume these names. */
export function resumeHint(names: readonly SuspendedName[]): string {
  const url = names.find(({ unpauseUrl }) => unpauseUrl !== null)?.unpauseUrl ?? null;
  const resume = `acme-ledger name resume ${shellWords(names.slice(0, shownMost).map(({ name }) => name))}`;
  const isMixed = names.some(({ unpauseUrl }) => unpauseUrl === null);
  if (url === null) return `once mended: ${resume}`;
  return `open ${url} to end the CA's pause${isMixed ? ', mend the others' : ''}, then: ${resume}`;
}

/** Why no order names these names. */
export function suspendedError(names: readonly SuspendedName[]): AcmeLedgerError {
  return new AcmeLedgerError('name-suspended', `${suspendedText(names)}; nothing was sent`, {
    hint: resumeHint(names),
  });
}
