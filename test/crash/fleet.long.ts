import { describe, expect, it } from 'vitest';
import { fleetFaults } from './fleet-faults.ts';
import { brokenPromises, fleetText } from './fleet-report.ts';
import { runFleet } from './fleet.ts';

/* A small one of what `npm run test:crash` lets go; the same faults again with CRASH_SEED. */

const given = process.env['CRASH_SEED'] ?? '';
const seed = given === '' ? Math.floor(Math.random() * 2 ** 31) : Number(given);
const maxPending = 8;

describe(`a small fleet (CRASH_SEED=${seed})`, { timeout: 240_000 }, () => {
  it('never has more open than it may, leaves nothing pending, and gets every certificate that can be had', async () => {
    const report = await runFleet({
      orders: 16,
      processes: 8,
      maxPending,
      faultShare: 0.1,
      catalogue: fleetFaults({ slowMs: 1000, withLostSubmits: false }),
      seed,
      roundsMax: 12,
    });
    expect(brokenPromises(report, maxPending), `CRASH_SEED=${seed}\n${fleetText(report)}`).toEqual([]);
    // They did work side by side, and there was something wrong.
    expect(report.mostOpen).toBeGreaterThan(3);
    expect([...report.faults.values()].filter((count) => count > 0).length).toBeGreaterThan(5);
  });
});
