import type { Clock } from '../../src/clock.ts';

/** A clock on which many sleep at once: when nothing is left to do at a moment, it goes on to the next at which somebody wakes. */
export function steppingClock(start = '2026-01-01T00:00:00.000Z'): Clock {
  let nowMs = Date.parse(start);
  let pumping = false;
  const sleepers = new Set<{ atMs: number; wake: () => void }>();
  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    while (sleepers.size > 0) {
      // What was woken has its turn, with all that comes of it, before time goes on.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const [next] = [...sleepers].sort((one, other) => one.atMs - other.atMs);
      if (next === undefined) break;
      nowMs = Math.max(nowMs, next.atMs);
      sleepers.delete(next);
      next.wake();
    }
    pumping = false;
  };
  return {
    now: () => new Date(nowMs),
    wallNow: () => new Date(nowMs),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const abort = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        const wake = (): void => {
          signal?.removeEventListener('abort', abort);
          resolve();
        };
        const sleeper = { atMs: nowMs + Math.max(0, ms), wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', abort, { once: true });
        pump().catch(reject);
      }),
  };
}
