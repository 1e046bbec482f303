import type { ErrorRecord } from '../errors.ts';

/** So many attempts in a row that the CA didn't answer, whatever is asked at one time. */
const silentInARow = 3;

/** Whether the CA has stopped answering while a run was at work, or answers no more on this account. */
export interface Outage {
  /** To be called with the end of each attempt; null: it went well. */
  note(error: ErrorRecord | null): void;
  /** Why the rest needn't be tried: each would wait for its time-outs, and leave an order behind of which nobody knows whether the CA has it. */
  reason(): ErrorRecord | null;
}

export function outage(): Outage {
  let silent = 0;
  let last: ErrorRecord | null = null;
  return {
    note(error) {
      // What was under way when the CA fell silent may still have gone well; from then on nothing new is begun.
      if (silent >= silentInARow) return;
      if (error?.code === 'ca-account') silent = silentInARow;
      else silent = error?.code === 'ca-unreachable' ? silent + 1 : 0;
      last = error;
    },
    reason: () => (silent >= silentInARow ? last : null),
  };
}
