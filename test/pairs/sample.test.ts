import fc from 'fast-check';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PairStage, startPairStage } from './customer.ts';
import { casesOf, chosenSeries, failuresOf, seriesName } from './series.ts';

/* A few of what `npm run test:crash` tries; the same again with PAIRS_SEED. */

const given = process.env['PAIRS_SEED'] ?? '';
const seed = given === '' ? Math.floor(Math.random() * 2 ** 31) : Number(given);
const seriesInSample = 1;

const limit = pLimit(2);
let stage: PairStage;

beforeAll(async () => {
  stage = await startPairStage();
});

afterAll(() => stage.stop());

const held = chosenSeries('').filter(({ a }) => !a.isSilent);
const [sample = []] = fc.sample(fc.shuffledSubarray(held, { minLength: seriesInSample }), {
  seed,
  numRuns: 1,
});

describe(`a sample of the pairs (PAIRS_SEED=${seed})`, { concurrent: true }, () => {
  it.for(sample.slice(0, seriesInSample).map((series) => [seriesName(series), series] as const))(
    'every promise holds while %s is held until another command has ended',
    async ([, series]) => {
      const all = await limit(() => casesOf(stage, series));
      const chosen = fc.sample(fc.constantFrom(...all), { seed, numRuns: 1 });
      expect(chosen).toHaveLength(1);
      const failures = await failuresOf(stage, chosen, limit);
      expect(failures, failures.join('\n')).toEqual([]);
    },
  );
});
