import { describe, expect, it } from 'vitest';
import { later, seldomRead, steadyLine, systemClock } from '../src/clock.ts';

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

  it('goes on where it is when the clock of the machine is set, which it also tells', () => {
    const realNow = Date.now;
    const before = systemClock.now().getTime();
    try {
      for (const shiftMs of [-3_600_000, 7_200_000]) {
        Date.now = () => realNow() + shiftMs;
        expect(Math.abs(systemClock.now().getTime() - before)).toBeLessThan(2_000);
      }
    } finally {
      Date.now = realNow;
    }
    expect(Math.abs(systemClock.wallNow().getTime() - realNow())).toBeLessThan(1_000);
  });

  it('counts milliseconds', () => {
    expect(later(new Date('2026-05-01T12:00:00.000Z'), 1_500).toISOString()).toBe('2026-05-01T12:00:01.500Z');
  });
});

describe('a steady line of time', () => {
  const ticks = { awake: 5_000, up: 1_000_000 };
  const line = () => steadyLine(0, { awakeMs: () => ticks.awake, uptimeMs: () => ticks.up });

  it('counts what passes, the sleep of the machine too', () => {
    const now = line();
    expect(now()).toBe(0);
    ticks.awake += 700;
    ticks.up += 700;
    expect(now()).toBe(700);
    ticks.up += 3_600_000;
    expect(now()).toBe(3_600_700);
  });

  it('takes a coarse uptime for what it is, and never goes back', () => {
    const now = line();
    ticks.awake += 100;
    ticks.up += 1_000;
    expect(now()).toBe(100);
    ticks.up += 2_000;
    expect(now()).toBe(3_000);
    ticks.up -= 2_000;
    expect(now()).toBe(3_000);
  });

  it('asks the kernel for its uptime every 50 ms of being awake, and counts on between', () => {
    const kernel = { awake: 0, up: 7_000, reads: 0 };
    const uptimeMs = seldomRead(
      () => {
        kernel.reads += 1;
        return kernel.up;
      },
      () => kernel.awake,
    );
    expect(uptimeMs()).toBe(7_000);
    Object.assign(kernel, { awake: 49, up: 3_607_049 });
    expect(uptimeMs()).toBe(7_049);
    Object.assign(kernel, { awake: 50, up: 3_607_050 });
    expect(uptimeMs()).toBe(3_607_050);
    expect(kernel.reads).toBe(2);
  });
});
