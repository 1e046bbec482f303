import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureRule } from '../../../src/issuance/names/back-off.ts';

const now = new Date('2026-01-01T00:00:00.000Z');
const dayMs = 86_400_000;

describe('a name that fails', () => {
  it('is left alone for 1, 10, 100 minutes, then for a day at a time', () => {
    const rule = failureRule(10 * dayMs, () => 0);
    const minutes = [1, 2, 3, 4, 5, 40].map(
      (step) => (rule.nextAttemptAt(step, now).getTime() - now.getTime()) / 60_000,
    );
    expect(minutes).toEqual([1, 10, 100, 1440, 1440, 1440]);
  });

  it('is tried more often where its certificate lives for days only', () => {
    const rule = failureRule(10 * dayMs, () => 0);
    const minutes = [1, 2, 3, 4, 40].map(
      (step) => (rule.nextAttemptAt(step, now, 6 * dayMs).getTime() - now.getTime()) / 60_000,
    );
    expect(minutes).toEqual([1, 10, 100, 360, 360]);
    expect(rule.nextAttemptAt(4, now, 90 * dayMs).getTime() - now.getTime()).toBe(dayMs);
  });

  it('waits up to a tenth longer, so that names that failed together part', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (step, random) => {
          const wait = (value: number) =>
            failureRule(dayMs, () => value)
              .nextAttemptAt(step, now)
              .getTime() - now.getTime();
          return wait(random) >= wait(0) && wait(random) <= wait(0) * 1.1;
        },
      ),
    );
  });

  it('is hopeless once it has been failing for as long as was said', () => {
    const rule = failureRule(10 * dayMs);
    expect(rule.shouldSuspend(new Date(now.getTime() - 10 * dayMs + 1), now)).toBe(false);
    expect(rule.shouldSuspend(new Date(now.getTime() - 10 * dayMs), now)).toBe(true);
  });
});
