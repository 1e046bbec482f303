import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SeriesResult, chosenSeries, everyPoint, parseChoice, runSeries } from './campaign.ts';
import { type CrashLab, startCrashLab } from './crash-lab.ts';
import { nameOf } from './scenario.ts';
import { failureReport, tableOf } from './table.ts';

const choice = parseChoice(process.env['CRASH_ONLY'] ?? '');
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
        choose: point === null ? everyPoint : () => [point],
        concurrency,
        onCase: ({ scenario, disturbance }, one) => {
          if (one.violations.length > 0)
            process.stdout.write(`${failureReport(scenario, disturbance, one)}\n`);
        },
      });
      results.push(result);
      expect(result.failures.length, 'cases went wrong, as printed above').toBe(0);
    },
  );
});
