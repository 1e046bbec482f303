import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newInstallation } from '../support/installation.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import { besideTenant } from './tenant.ts';

/* A few seconds of what `npm run test:crash` does for a minute. */

// Only root can start the tenant as another user; CI is root.
describe.skipIf(process.getuid?.() !== 0)('a tenant of the machine, who owns the webroot', () => {
  let pebble: PebbleLab;

  beforeAll(async () => {
    pebble = await startPebble({ env: { PEBBLE_VA_ALWAYS_VALID: '1' } });
  });
  afterAll(() => pebble.stop());

  it('changes nothing of root’s, and nothing of theirs is obeyed', { timeout: 120_000 }, async () => {
    const here = await newInstallation(pebble);
    try {
      const report = await besideTenant(here, pebble.directoryUrl, 5);
      expect(report.damage).toEqual([]);
      // They met.
      expect(report.moves).toBeGreaterThan(100);
      expect(report.refused).toBeGreaterThan(10);
      expect(report.exitCodes).toContain(2);
      expect(report.exitCodes).not.toContain(70);
      expect(report.exitCodes).not.toContain(-1);
    } finally {
      await here.remove();
    }
  });
});
