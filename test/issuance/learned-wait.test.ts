import { expect, it } from 'vitest';
import { LearnedWait } from '../../src/issuance/learned-wait.ts';

/** So many one after the other; of each the CA knows the outcome after `tookMs`. @returns the waits before the first looks */
function firstLooks(count: number, tookMs: (index: number) => number): { waits: number[]; early: number } {
  const learned = new LearnedWait();
  const waits: number[] = [];
  let early = 0;
  for (let index = 0; index < count; index += 1) {
    const isThere = tookMs(index) <= learned.ms;
    waits.push(learned.ms);
    if (!isThere) early += 1;
    learned.learn(learned.ms, isThere);
  }
  return { waits, early };
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number) / numbers.length;

it('a CA that takes long is asked when it has the outcome, nearly always', () => {
  const { waits, early } = firstLooks(1_000, (index) => 400 + ((index * 37) % 100));
  expect(early).toBeLessThan(100);
  expect(mean(waits)).toBeLessThan(700);
});

it('a few names with a slow server don’t keep the others waiting', () => {
  const { waits } = firstLooks(2_000, (index) => (index % 20 === 0 ? 10_000 : 40));
  expect(mean(waits)).toBeLessThan(120);
});

it('many that are under way at once and come too early are one lesson', () => {
  const learned = new LearnedWait();
  for (let count = 0; count < 32; count += 1) learned.learn(30, false);
  expect(learned.ms).toBe(45);
});

it('a wait has its bounds', () => {
  const learned = new LearnedWait();
  for (let count = 0; count < 100; count += 1) learned.learn(learned.ms, true);
  expect(learned.ms).toBe(30);
  for (let count = 0; count < 100; count += 1) learned.learn(learned.ms, false);
  expect(learned.ms).toBe(1_000);
});
