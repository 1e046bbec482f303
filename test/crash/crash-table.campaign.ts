import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SeriesResult, chosenSeries, parseChoice, runSeries } from './campaign.ts';
import { type CrashLab, startCrashLab } from './crash-lab.ts';
import { nameOf } from './scenario.ts';
import { failureReport, tableOf } from './table.ts';

const choice = parseChoice(process.env['CRASH_ONLY'] ?? '');
/** With 10, every tenth point of each series. */
const every = Number(process.env['CRASH_EVERY'] ?? '1');
const concurrency = Number(process.env['CRASH_JOBS'] ?? '3');
const results: SeriesResult[] = [];
let lab: CrashLab;

beforeAll(async () => {
  lab = await startCrashLab();
});

afterAll(async () => {
  process.stdout.write(`\n${tableOf(results)}\n`);
  await lab.stop();
});

describe('whatever happens, and whenever', { timeout: 3_600_000 }, () => {
  it.for(
    chosenSeries(choice).map((series) => [nameOf(series.scenario), series.disturbance.name, series] as const),
  )(
    '%s, %s: nothing leaks, nothing is done twice, and the certificate is there in the end',
    async ([, , series]) => {
      const { point } = choice;
      const result = await runSeries(lab, series, {
        choose: (labels) => (point === null ? everyFew(labels.length) : [point]),
        concurrency,
        onCase: ({ scenario, disturbance }, one) => {
          if (one.violations.length > 0)
            process.stdout.write(`${failureReport(scenario, disturbance, one)}\n`);
        },
      });
      results.push(result);
      process.stdout.write(`\n${tableOf([result])}\n`);
      expect(result.failures.length, 'cases went wrong, as printed above').toBe(0);
    },
  );
});

/** Other ones for each series, so that together they come to every kind of point. */
function everyFew(points: number): number[] {
  const first = results.length % every;
  return Array.from({ length: points }, (_, index) => index + 1).filter((n) => n % every === first);
}
