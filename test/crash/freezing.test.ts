import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashLab, startCrashLab } from './crash-lab.ts';
import { freezeName, freezePoints, freezeScenarios, isFreezable, runFreezeCase } from './freeze-case.ts';
import { freezeReport } from './freeze-table.ts';
import { canFreeze } from './freezing.ts';

/* A few points of what `npm run test:crash` tries; the same again with CRASH_SEED. */

const given = process.env['CRASH_SEED'] ?? '';
const seed = given === '' ? Math.floor(Math.random() * 2 ** 31) : Number(given);
/** A challenge that may or may not have been submitted is polled for a minute by the next run. */
const longWait = /challenge-submitting|(connecting|sent) challenge/;
// An attempt beside an attempt, and a clean-up beside one.
const sample = (['issue', 'clear'] as const).map((frozen) => {
  const ofThis = freezeScenarios.filter((one) => one.frozen === frozen && one.other === 'issue');
  return fc.sample(fc.constantFrom(...ofThis), { seed, numRuns: 1 })[0]!;
});
/** Root can have a PID namespace, anybody else can't everywhere. */
const isAble = await canFreeze();
let lab: CrashLab;

beforeAll(async () => {
  if (isAble) lab = await startCrashLab();
});

afterAll(async () => {
  if (isAble) await lab.stop();
});

describe.runIf(isAble)(
  `a run that is stopped for longer than its lease (CRASH_SEED=${seed})`,
  { concurrent: true, timeout: 240_000 },
  () => {
    it.for(sample.map((scenario) => [freezeName(scenario), scenario] as const))(
      '%s: does nothing any more to what another took over',
      async ([, scenario]) => {
        const labels = await freezePoints(lab, scenario);
        const quick = labels.flatMap((label, index) =>
          isFreezable(label) && !longWait.test(label) ? [index + 1] : [],
        );
        const [n = 1] = fc.sample(fc.constantFrom(...quick), { seed, numRuns: 1 });
        const result = await runFreezeCase(lab, scenario, n);
        expect(result.violations.length, freezeReport(scenario, result)).toBe(0);
      },
    );
  },
);
