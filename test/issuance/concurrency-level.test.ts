import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import { levelled } from '../../src/issuance/concurrency-level.ts';

function levelOf(most: number) {
  const limit = pLimit(most);
  const pressure = { refusals: 0 };
  const isDone = levelled(limit, most, pressure);
  return {
    refuse: () => void (pressure.refusals += 1),
    /** The level after so many more are done. */
    after(count: number): number {
      for (let done = 0; done < count; done += 1) isDone();
      return limit.concurrency;
    },
  };
}

describe('how many certificates are worked on at one time', () => {
  it('halves when the CA refuses, once for all refusals of the meantime, and never ends', () => {
    const level = levelOf(8);
    level.refuse();
    level.refuse();
    expect(level.after(1)).toBe(4);
    for (let round = 0; round < 5; round += 1) {
      level.refuse();
      level.after(1);
    }
    expect(level.after(0)).toBe(1);
  });

  it('grows by one each time that as many have gone well, up to where it began', () => {
    const level = levelOf(4);
    level.refuse();
    expect(level.after(1)).toBe(2);
    expect(level.after(1)).toBe(2);
    expect(level.after(1)).toBe(3);
    expect(level.after(3)).toBe(4);
    expect(level.after(100)).toBe(4);
  });
});
