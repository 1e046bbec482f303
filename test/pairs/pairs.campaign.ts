import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PairStage, startPairStage } from './customer.ts';
import { chosenSeries, runSeries, seriesName } from './series.ts';

/** A case, a series of them, or the beginning of their names: `reuse/clear-rate`. */
const only = process.env['PAIRS_ONLY'] ?? '';
/** With 10, every tenth point of each series. */
const every = Number(process.env['PAIRS_EVERY'] ?? '1');
const limit = pLimit(Number(process.env['PAIRS_JOBS'] ?? '4'));
const point = /^\w+\/[\w-]+\/[\w-]+\/(\w+)-(\d+)$/.exec(only);

let stage: PairStage;
let cases = 0;

beforeAll(async () => {
  stage = await startPairStage();
});

afterAll(async () => {
  process.stdout.write(`\n${cases} cases\n`);
  await stage.stop();
});

describe(
  'two commands on one ledger, one of them held until the other has ended',
  { concurrent: true, timeout: 7_200_000 },
  () => {
    it.for(chosenSeries(only).map((series, index) => [seriesName(series), series, index] as const))(
      '%s: every promise holds',
      async ([, series, index]) => {
        const result = await runSeries(stage, series, limit, (points) =>
          points.filter(({ what, n }, place) =>
            point === null ? place % every === index % every : what === point[1] && n === Number(point[2]),
          ),
        );
        cases += result.cases;
        for (const failure of result.failures) process.stdout.write(`${failure}\n`);
        expect(result.failures.length, 'cases went wrong, as printed above').toBe(0);
      },
    );
  },
);
