import { defineConfig } from 'vitest/config';

// As in vitest.config.ts.
process.umask(0o022);

/** What a campaign takes where nobody said otherwise: a sample that means something, each in a few minutes. */
const samples = {
  // Every fortieth point of each series, another one for each: all kinds of points and of disturbances.
  CRASH_EVERY: '40',
  CRASH_FLEET_ORDERS: '100',
  GATE_MODEL_WORLDS: '300',
  // A case of each pair and some of the series with most points: all of them take hours.
  PAIRS_EVERY: '400',
};

/**
 * `npm run test:long`: what takes longer than `npm test` allows (`*.long.ts`), and a sample of each campaign that `npm run test:crash`
 * runs whole. It takes at most twenty minutes on two cores; CI runs it behind `npm test`.
 */
export default defineConfig({
  test: {
    include: [
      'test/**/*.long.ts',
      'test/crash/crash-table.campaign.ts',
      'test/crash/fleet.campaign.ts',
      'test/crash/gate-model.campaign.ts',
      'test/pairs/pairs.campaign.ts',
    ],
    env: { ...samples, ...given(Object.keys(samples)) },
    reporters: ['verbose'],
    // As in vitest.config.ts, where these files come from.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // The cases of one file run at the same time, too.
    maxWorkers: 2,
    maxConcurrency: 12,
  },
});

function given(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
