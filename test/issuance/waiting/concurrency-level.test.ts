import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import { levelled } from '../../../src/issuance/waiting/concurrency-level.ts';

function levelOf(most: number) {
  const limit = pLimit(most);
  const pressure = { refusals: 0 };
  const { isDone, lend } = levelled(limit, most, pressure);
  return {
    lend,
    level: () => limit.concurrency,
    refuse: () => void (pressure.refusals += 1),
    /** The level after so many more are done. */
    after(count: number): number {
      for (let done = 0; done < count; done += 1) isDone();
      return limit.concurrency;
    },
  };
}

function newGate(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  const settle: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const promise = new Promise<void>((resolve, reject) => settle.push({ resolve, reject }));
  return { promise, ...settle[0]! };
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

  it('lends the place of one that waits, also while it changes, and takes it back however the wait ends', async () => {
    const level = levelOf(2);
    const gate = newGate();
    const waiting = [level.lend(() => gate.promise), level.lend(() => gate.promise)];
    expect(level.level()).toBe(4);
    level.refuse();
    expect(level.after(1)).toBe(3);
    gate.reject(new Error('over'));
    await Promise.allSettled(waiting);
    expect(level.level()).toBe(1);
  });

  it('lends no more places than a run can keep an eye on', async () => {
    const level = levelOf(2);
    const gate = newGate();
    const waiting = Array.from({ length: 100 }, () => level.lend(() => gate.promise));
    expect(level.level()).toBe(22);
    gate.resolve();
    await Promise.all(waiting);
    expect(level.level()).toBe(2);
  });
});
