import fc from 'fast-check';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chosenSeries, parseChoice, runSeries } from './campaign.ts';
import { type CrashLab, startCrashLab } from './crash-lab.ts';
import { nameOf } from './scenario.ts';
import { reportOf } from './table.ts';

/* A few points of what `npm run test:crash` tries; the same again with CRASH_SEED. */

const given = process.env['CRASH_SEED'] ?? '';
const seed = given === '' ? Math.floor(Math.random() * 2 ** 31) : Number(given);
const seriesInSample = 3;
const pointsOfSeries = 2;
/** A challenge that may or may not have been submitted is polled for a minute by the next run. */
const longWait = /challenge-submitting|(request|sent) challenge/;

const limit = pLimit(2);
let lab: CrashLab;

beforeAll(async () => {
  process.stdout.write(`\nCRASH_SEED=${seed}\n`);
  lab = await startCrashLab();
});

afterAll(() => lab.stop());

// A fault at a challenge is waited out for a minute: too long for a sample.
const signals = chosenSeries(parseChoice('')).filter(({ disturbance }) => disturbance.kind !== 'fault');
const [shuffled = []] = fc.sample(fc.shuffledSubarray(signals, { minLength: signals.length }), {
  seed,
  numRuns: 1,
});
const isOfTwo = ({ scenario }: (typeof signals)[number]): boolean => scenario.challenge === 'both';
const sample = [
  ...shuffled.filter((series) => !isOfTwo(series)).slice(0, seriesInSample),
  ...shuffled.filter(isOfTwo).slice(0, 1),
];

describe(`a sample of the crash table (CRASH_SEED=${seed})`, { concurrent: true, timeout: 240_000 }, () => {
  it.for(sample.map((series) => [nameOf(series.scenario), series.disturbance.name, series] as const))(
    '%s, %s: nothing leaks, nothing is done twice, and the certificate is there in the end',
    async ([, , series]) => {
      const result = await runSeries(lab, series, {
        choose: (labels) => {
          const quick = labels.flatMap((label, index) => (longWait.test(label) ? [] : [index + 1]));
          return fc.sample(fc.constantFrom(...quick), { seed, numRuns: pointsOfSeries });
        },
        limit,
      });
      expect(result.failures.length, reportOf(result)).toBe(0);
    },
  );
});
