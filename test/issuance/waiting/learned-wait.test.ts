import { expect, it } from 'vitest';
import { LearnedWait } from '../../../src/issuance/waiting/learned-wait.ts';

/** So many one after the other; of each the CA knows the outcome after `tookMs`. @returns the waits before the first looks */
function firstLooks(count: number, tookMs: (index: number) => number): { waits: number[]; early: number } {
  const learned = new LearnedWait();
  const waits: number[] = [];
  let early = 0;
  for (let index = 0; index < count; index += 1) {
    const [waitedMs, outcomeMs] = [learned.ms, tookMs(index)];
    waits.push(waitedMs);
    if (outcomeMs <= waitedMs) learned.sufficed();
    else learned.fellShort(waitedMs, outcomeMs);
    if (outcomeMs > waitedMs) early += 1;
  }
  return { waits, early };
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number) / numbers.length;

it('a CA that takes long is asked when it has the outcome, nearly always', () => {
  const { waits, early } = firstLooks(1_000, (index) => 400 + ((index * 37) % 100));
  expect(early).toBeLessThan(60);
  expect(mean(waits)).toBeLessThan(700);
});

it('a few names with a slow server don’t keep the others waiting', () => {
  const { waits } = firstLooks(2_000, (index) => (index % 20 === 0 ? 10_000 : 40));
  expect(mean(waits)).toBeLessThan(70);
});

it('many that are under way at once and come too early are one lesson', () => {
  const learned = new LearnedWait();
  for (let count = 0; count < 32; count += 1) learned.fellShort(30, 200);
  expect(learned.ms).toBe(45);
});

it('a wait has its bounds', () => {
  const learned = new LearnedWait();
  for (let count = 0; count < 100; count += 1) learned.sufficed();
  expect(learned.ms).toBe(30);
  for (let count = 0; count < 100; count += 1) learned.fellShort(learned.ms, 3_000);
  expect(learned.ms).toBe(1_000);
});
