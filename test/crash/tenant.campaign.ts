import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newInstallation } from '../support/installation.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import { besideTenant } from './tenant.ts';

/* For a minute, or TENANT_SECONDS. */

const seconds = Number(process.env['TENANT_SECONDS'] ?? '60');

// Only root can start the tenant as another user; CI is root.
describe.skipIf(process.getuid?.() !== 0)('a tenant of the machine, who owns the webroot', () => {
  let pebble: PebbleLab;

  beforeAll(async () => {
    pebble = await startPebble({ env: { PEBBLE_VA_ALWAYS_VALID: '1' } });
  });
  afterAll(() => pebble.stop());

  it('changes nothing of root’s, and nothing of theirs is obeyed', { timeout: 600_000 }, async () => {
    const here = await newInstallation(pebble);
    try {
      const report = await besideTenant(here, pebble.directoryUrl, seconds);
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
