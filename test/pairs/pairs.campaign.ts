import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PairStage, startPairStage } from './customer.ts';
import { chosenSeries, runSeries, seriesName } from './series.ts';

/** A case, or the beginning of series' names as a regular expression: `reuse/clear[^/]+/issue/`. */
const only = process.env['PAIRS_ONLY'] ?? '';
const [, named = only, what, n] = /^(.*\/)(request|answer|hook)-(\d+)$/.exec(only) ?? [];
/** With 10, every tenth point of each series; which of the ten, PAIRS_SEED says. */
const every = Number(process.env['PAIRS_EVERY'] ?? '1');
const seed = Number(process.env['PAIRS_SEED'] ?? '0');
const limit = pLimit(Number(process.env['PAIRS_JOBS'] ?? '4'));

let stage: PairStage;
let cases = 0;

beforeAll(async () => {
  stage = await startPairStage();
});

afterAll(async () => {
  process.stdout.write(`\n${cases} pairs (PAIRS_EVERY=${every} PAIRS_SEED=${seed})\n`);
  await stage.stop();
});

describe(
  'two commands on one ledger, the first held until the other has ended',
  { concurrent: true, timeout: 7_200_000 },
  () => {
    it.for(chosenSeries(named).map((series, index) => [seriesName(series), series, index] as const))(
      '%s: every promise holds',
      async ([, series, index]) => {
        const result = await runSeries(stage, series, limit, (points) =>
          points.filter((point, place) =>
            what === undefined
              ? (place + seed) % every === index % every
              : point.what === what && point.n === Number(n),
          ),
        );
        cases += result.cases;
        for (const failure of result.failures) process.stdout.write(`${failure}\n`);
        expect(result.failures.length, 'cases went wrong, as printed above').toBe(0);
      },
    );
  },
);
