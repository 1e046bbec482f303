import { defineConfig } from 'vitest/config';

// As in ../../vitest.config.ts.
process.umask(0o022);

/** `npm run test:crash`: every point, which takes too long for `npm test`. */
export default defineConfig({
  test: {
    include: ['test/**/*.campaign.ts'],
    reporters: ['verbose'],
    hookTimeout: 30_000,
    pool: 'forks',
    // The cases of one file run at the same time: CRASH_JOBS.
    maxWorkers: 1,
    maxConcurrency: 12,
  },
});
