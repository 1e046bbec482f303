import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bucket } from '../src/token-bucket.ts';
import {
  emptiedUntil,
  fullBucket,
  givenBack,
  taken,
  usedOf,
  waitMs,
  withAllowance,
} from '../src/token-bucket.ts';
import { TokenBucket } from './support/misbehaviour/token-bucket.ts';

const threeHours = { max: 300, periodMs: 10_800_000 };

describe('a token bucket', () => {
  it('never has a token that the same bucket at the CA has not, whatever is taken and given back', () => {
    const step = fc.record({ restMs: fc.nat(40_000), act: fc.constantFrom('take', 'give back') });
    const allowance = fc.record({
      max: fc.integer({ min: 1, max: 7 }),
      periodMs: fc.integer({ min: 10, max: 90_000 }),
    });
    fc.assert(
      fc.property(allowance, fc.array(step, { maxLength: 60 }), (given, steps) => {
        const ca = new TokenBucket({ limit: given.max, periodMs: given.periodMs });
        let here = fullBucket(given);
        let nowMs = 1_000_000;
        for (const { restMs, act } of steps) {
          nowMs += restMs;
          expect(waitMs(here, nowMs)).toBeGreaterThanOrEqual(ca.waitMs(nowMs) - 0.001);
          if (act === 'take' && waitMs(here, nowMs) === 0) {
            here = taken(here, nowMs);
            ca.spend(nowMs);
          } else if (act === 'give back') {
            here = givenBack(here, nowMs);
            ca.refund(nowMs);
          }
        }
      }),
    );
  });

  it('gives as many at once as the limit says, then one for each part of the period', () => {
    let bucket = fullBucket(threeHours);
    for (let given = 0; given < 300; given += 1) {
      expect(waitMs(bucket, 0)).toBe(0);
      bucket = taken(bucket, 0);
    }
    expect([waitMs(bucket, 0), usedOf(bucket, 0)]).toEqual([36_000, 300]);
    expect([waitMs(bucket, 36_000), usedOf(bucket, 36_000)]).toEqual([0, 299]);
    // Taken all the same, as by a certificate that is exempt: it can't be emptier than empty.
    expect(waitMs(taken(bucket, 0), 0)).toBe(36_000);
  });

  it('gives back with time what was taken, and not what is promised', () => {
    const promised: Bucket = { ...fullBucket({ max: 2, periodMs: 2_000 }), held: 2 };
    expect(waitMs(promised, 5_000)).toBeGreaterThan(0);
    expect(usedOf(promised, 5_000)).toBe(2);
    expect(waitMs({ ...promised, held: 1 }, 5_000)).toBe(0);
  });

  it('is empty until the CA says that it has one again', () => {
    const bucket = emptiedUntil(fullBucket(threeHours), 1_000_000);
    expect(waitMs(bucket, 0)).toBe(1_000_000);
    expect(waitMs(bucket, 999_999)).toBe(1);
    expect(waitMs(bucket, 1_000_000)).toBe(0);
    expect(waitMs(taken(bucket, 1_000_000), 1_000_000)).toBe(36_000);
  });

  it('stays used as much when the limit is changed', () => {
    const bucket = taken(taken(fullBucket({ max: 4, periodMs: 4_000 }), 0), 0);
    expect(usedOf(withAllowance(bucket, { max: 10, periodMs: 1_000 }, 0), 0)).toBe(2);
    expect(waitMs(withAllowance(bucket, { max: 2, periodMs: 8_000 }, 0), 0)).toBe(4_000);
  });
});
