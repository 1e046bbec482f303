import { defineConfig } from 'vitest/config';

// Tests write files for the program, which refuses those that the group may change: many have a umask of 002.
process.umask(0o022);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One character a test, then the failures and the summary.
    reporters: ['dot'],
    // Bounds for what hangs. Tests against a real CA wait for real processes, which a busy machine makes ten times as slow.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Native modules and signals want processes of their own. A CI machine has two cores, and a third of a test is waiting.
    pool: 'forks',
    maxWorkers: 3,
    // The files of a worker share what they import: loading it anew for each of them was a third of the time of the small ones.
    isolate: false,
  },
});
