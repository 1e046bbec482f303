import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import type { Lack } from './record-look.ts';
import type { VisibilitySettings } from './settings.ts';

/** The record isn't there any more: what is put up at its name later takes its place. Its answer is proven by itself. */
export class RecordReplaced extends AcmeLedgerError {}

const oneValueHint =
  'something took it away, such as a DNS or a hook that holds one value at a name: a name and its wildcard need two there. ' +
  'Let the hook add its value beside others';

export function replaced(name: string): RecordReplaced {
  return new RecordReplaced(
    'solver',
    `the TXT value at ${name} was replaced by that of another answer of the same order`,
    { hint: oneValueHint },
  );
}

export function gone(name: string, lacks: readonly Lack[]): RecordReplaced {
  return new RecordReplaced(
    'solver',
    `the TXT value at ${name} was visible and is gone again: ${shownReasons(lacks)}`,
    { hint: oneValueHint },
  );
}

export function notVisible(
  name: string,
  { propagationTimeoutSeconds }: VisibilitySettings,
  lacks: readonly Lack[],
): AcmeLedgerError {
  const silent = lacks.every(({ answers }) => !answers) && lacks.some(({ server }) => server !== null);
  return new AcmeLedgerError(
    'solver',
    `${name} didn't show its TXT value within ${String(propagationTimeoutSeconds)} s: ${shownReasons(lacks)}`,
    {
      hint: silent
        ? 'mend that server or take it out of the delegation: CAs ask it, too. To go on without servers that are down: --dns-quorum most; ' +
          'to ask one server alone: --resolver ADDR:PORT; to turn the check off: --propagation-timeout 0'
        : 'see whether the record was written to the right zone; give slow name servers longer with --propagation-timeout, ' +
          'name one to ask with --resolver ADDR:PORT, or turn the check off with --propagation-timeout 0',
    },
  );
}

const reasonsInMessage = 3;
const charactersInMessage = 400;

function shownReasons(lacks: readonly Lack[]): string {
  const reasons = [...new Set(lacks.map(({ reason }) => reason))];
  const shown = printable(reasons.slice(0, reasonsInMessage).join('; ')).slice(0, charactersInMessage);
  const more =
    reasons.length > reasonsInMessage ? `; and ${String(reasons.length - reasonsInMessage)} more` : '';
  return `${shown}${more}`;
}
