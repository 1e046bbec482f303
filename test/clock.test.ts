import { describe, expect, it } from 'vitest';
import { later, systemClock } from '../src/clock.ts';

describe('the system clock', () => {
  it('lets at least the asked time pass', async () => {
    const before = performance.now();
    await systemClock.sleep(30);
    // Timers count in whole milliseconds.
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
  });

  it('does not wait a negative time', async () => {
    await expect(systemClock.sleep(-1_000)).resolves.toBeUndefined();
  });

  it('wakes with the reason of who aborted, and says the same to who comes too late', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const sleeping = systemClock.sleep(60_000, stop.signal);
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(systemClock.sleep(60_000, stop.signal)).rejects.toBe(reason);
  });

  it('counts milliseconds', () => {
    expect(later(new Date('2026-05-01T12:00:00.000Z'), 1_500).toISOString()).toBe('2026-05-01T12:00:01.500Z');
  });
});
