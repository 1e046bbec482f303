import fc from 'fast-check';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PairStage, startPairStage } from './customer.ts';
import { chosenSeries, runSeries, seriesName } from './series.ts';

/* A few cases of what `npm run test:crash` tries; the same again with PAIRS_SEED. */

const given = process.env['PAIRS_SEED'] ?? '';
const seed = given === '' ? Math.floor(Math.random() * 2 ** 31) : Number(given);
const seriesInSample = 3;

const limit = pLimit(2);
let stage: PairStage;

beforeAll(async () => {
  stage = await startPairStage();
});

afterAll(() => stage.stop());

// These neither ask the CA nor call a hook, so nothing can hold them.
const withoutPoints = new Set(['cert-add', 'cert-import', 'cert-remove', 'ledger-check']);
const held = chosenSeries('').filter(({ a }) => !withoutPoints.has(a.name));
const [sample = []] = fc.sample(fc.shuffledSubarray(held, { minLength: seriesInSample }), {
  seed,
  numRuns: 1,
});

describe(`a sample of the pairs (PAIRS_SEED=${seed})`, { concurrent: true, timeout: 240_000 }, () => {
  it.for(sample.slice(0, seriesInSample).map((series) => [seriesName(series), series] as const))(
    '%s: every promise holds, with the first held until the other has ended',
    async ([, series]) => {
      const result = await runSeries(stage, series, limit, (points) =>
        fc.sample(fc.constantFrom(...points), { seed, numRuns: 1 }),
      );
      expect(result.failures, result.failures.join('\n')).toEqual([]);
    },
  );
});
