import type { BatchAnswer } from '../solver.ts';

/** A call for all answers of a batch: each of them waits for it, and takes its outcome once. */
interface SharedCall<T> {
  outcome: Promise<T>;
  waiting: Set<string>;
}

const calls = new Map<string, SharedCall<unknown>>();

/**
 * Makes one call for all answers of a batch: the first of them makes it, and the others take its outcome, be it a failure.
 * An answer that comes once more begins a new call.
 */
export async function sharedCall<T>(
  about: string,
  batch: readonly BatchAnswer[],
  answer: BatchAnswer,
  call: () => Promise<T>,
): Promise<T> {
  const own = keyOf(answer);
  const key = [about, ...batch.map(keyOf).sort()].join('\n');
  const known = calls.get(key) as SharedCall<T> | undefined;
  const shared =
    known?.waiting.has(own) === true ? known : { outcome: call(), waiting: new Set(batch.map(keyOf)) };
  shared.waiting.delete(own);
  if (shared.waiting.size === 0) calls.delete(key);
  else calls.set(key, shared);
  return shared.outcome;
}

/** A name and its wildcard have tokens of their own. */
function keyOf({ identifier, token }: BatchAnswer): string {
  return `${identifier.value} ${token}`;
}
