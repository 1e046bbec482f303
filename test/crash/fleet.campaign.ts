import { describe, expect, it } from 'vitest';
import { fleetFaults } from './fleet-faults.ts';
import { brokenPromises, fleetText } from './fleet-report.ts';
import { runFleet } from './fleet.ts';

const seed = Number(process.env['CRASH_SEED'] ?? String(Math.floor(Math.random() * 2 ** 31)));
const orders = Number(process.env['CRASH_FLEET_ORDERS'] ?? '400');
const maxPending = 20;

describe('eight processes on one ledger, with ten percent of all requests going wrong', () => {
  it('never have more open than they may, leave nothing pending, and get every certificate that can be had', async () => {
    process.stdout.write(`\nCRASH_SEED=${seed}\n`);
    const report = await runFleet({
      orders,
      processes: 8,
      maxPending,
      faultShare: 0.1,
      // Longer than the program waits for an answer.
      catalogue: fleetFaults({ slowMs: 31_000, withLostSubmits: true }),
      seed,
      roundsMax: 40,
    });
    process.stdout.write(`\n${fleetText(report)}\n`);
    expect(brokenPromises(report, maxPending)).toEqual([]);
  }, 7_200_000);
});
