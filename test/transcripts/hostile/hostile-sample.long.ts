import { expect, test } from 'vitest';
import { hostileAttempts } from '../../crash/hostile-attempts.ts';

/* A sample of test/crash/hostile-ca.campaign.ts, from a seed of its own each time: HOSTILE_SEED repeats it. */

const seed = Number(process.env['HOSTILE_SEED'] ?? Math.floor(Math.random() * 1e6));
/** Fewer of them on a busy machine: its time is fixed. */
const sample = { from: 0, to: 100, jobs: 2, untilMs: 12_000 };

test('a CA that answers anything at all gets exit codes, messages and an account of the contract (a sample)', async () => {
  const { made, broken } = await hostileAttempts({ seed, ...sample });
  expect(broken, `HOSTILE_SEED=${seed}`).toEqual([]);
  expect(made).toBeGreaterThan(0);
});
