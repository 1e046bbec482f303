import { dnsRecordName, dnsRecordValue } from '../answer-values.ts';
import type { ChallengeAnswer, Solver } from '../solver.ts';
import {
  assertRecordIsStillVisible,
  type TxtRecord,
  waitUntilRecordIsVisible,
  type VisibilityParts,
} from './dns-visibility.ts';
import type { VisibilitySettings } from './settings.ts';

/** The two looks of a solver that answers dns-01. Answers of other types, and settings that don't look, pass at once. */
export function visibleRecords(
  settings: VisibilitySettings,
  parts: VisibilityParts,
): Pick<Solver, 'waitUntilVisible' | 'assertStillVisible'> {
  const isLookedAt = ({ type }: ChallengeAnswer): boolean =>
    type === 'dns-01' && settings.propagationTimeoutSeconds > 0;
  return {
    async waitUntilVisible(answer, signal) {
      signal.throwIfAborted();
      if (isLookedAt(answer)) await waitUntilRecordIsVisible(recordOf(answer), settings, parts, signal);
    },
    async assertStillVisible(answer, signal) {
      signal.throwIfAborted();
      if (isLookedAt(answer)) await assertRecordIsStillVisible(recordOf(answer), settings, parts, signal);
    },
  };
}

function recordOf(answer: ChallengeAnswer): TxtRecord {
  const besides = (answer.batch?.answers ?? [])
    .filter((other) => other.type === 'dns-01' && other.identifier.value === answer.identifier.value)
    .map(dnsRecordValue)
    .filter((value) => value !== dnsRecordValue(answer));
  return { name: dnsRecordName(answer), value: dnsRecordValue(answer), besides };
}
