import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PairStage, startPairStage } from './customer.ts';
import { casesOf, chosenSeries, failuresOf, seriesName } from './series.ts';

/** A case, or the beginning of `WORLD/A/B/` as a regular expression: `reuse/clear[^/]+/issue/`. */
const only = process.env['PAIRS_ONLY'] ?? '';
const [, named = only, what, n] = /^(.*\/)(request|answer|hook)-(\d+)$/.exec(only) ?? [];
/** With 10, every tenth case; which of the ten, PAIRS_SEED says. */
const every = Number(process.env['PAIRS_EVERY'] ?? '1');
const seed = Number(process.env['PAIRS_SEED'] ?? '0');
const limit = pLimit(Number(process.env['PAIRS_JOBS'] ?? '4'));

/** At least one case of each series. */
const step = (all: readonly unknown[]): number => Math.max(1, Math.min(every, all.length));

let stage: PairStage;
let count = 0;

beforeAll(async () => {
  stage = await startPairStage();
});

afterAll(async () => {
  process.stdout.write(`\n${count} pairs (PAIRS_EVERY=${every} PAIRS_SEED=${seed})\n`);
  await stage.stop();
});

const series = chosenSeries(named);

describe('every promise holds', { concurrent: true, timeout: 7_200_000 }, () => {
  it.for(series.filter(({ a }) => !a.isSilent).map((one, index) => [seriesName(one), one, index] as const))(
    'while %s is held until another command has ended',
    async ([, one, index]) => {
      const all = await limit(() => casesOf(stage, one));
      const chosen =
        what === undefined
          ? all.filter((_, place) => (place + seed) % step(all) === index % step(all))
          : all.filter(({ point }) => point.what === what && point.n === Number(n));
      expect(chosen.length, 'no such case').toBeGreaterThan(0);
      count += chosen.length;
      const failures = await failuresOf(stage, chosen, limit);
      for (const failure of failures) process.stdout.write(`${failure}\n`);
      expect(failures.length, 'cases went wrong, as printed above').toBe(0);
    },
  );
});

describe('nothing can hold', { concurrent: true, timeout: 7_200_000 }, () => {
  it.for(series.filter(({ a }) => a.isSilent).map((one) => [seriesName(one), one] as const))(
    '%s, which neither asks the CA nor calls a hook',
    async ([, one]) => {
      expect(await limit(() => casesOf(stage, one))).toEqual([]);
    },
  );
});
