import { expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

it('gives as many at once as the limit, then one for each part of the period', () => {
  const bucket = new TokenBucket({ limit: 4, periodMs: 400 });
  const taken = (nowMs: number): boolean => {
    const isThere = bucket.waitMs(nowMs) === 0;
    bucket.spend(nowMs);
    return isThere;
  };
  expect([0, 0, 0, 0, 0].map(taken)).toEqual([true, true, true, true, false]);
  expect(bucket.waitMs(30)).toBe(70);
  expect([99, 100, 101, 300, 300, 300].map(taken)).toEqual([false, true, false, true, true, false]);
});

it('is no fuller than full, however long it rests or is refunded', () => {
  const bucket = new TokenBucket({ limit: 2, periodMs: 200 });
  bucket.spend(0);
  bucket.refund(0);
  bucket.refund(0);
  for (const nowMs of [10_000, 10_000]) {
    expect(bucket.waitMs(nowMs)).toBe(0);
    bucket.spend(nowMs);
  }
  expect(bucket.waitMs(10_000)).toBe(100);
  bucket.refund(10_000);
  expect(bucket.waitMs(10_000)).toBe(0);
});
