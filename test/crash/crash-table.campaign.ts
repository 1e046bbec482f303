import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SeriesResult, chosenSeries, parseChoice, runSeries } from './campaign.ts';
import { type CrashLab, startCrashLab } from './crash-lab.ts';
import { nameOf } from './scenario.ts';
import { failureReport, tableOf } from './table.ts';

const choice = parseChoice(process.env['CRASH_ONLY'] ?? '');
/** With 10, every tenth point of each series. */
const every = Number(process.env['CRASH_EVERY'] ?? '1');
const jobs = Number(process.env['CRASH_JOBS'] ?? '3');
const busy = pLimit(jobs);
/** A run that a fault befell mostly waits. */
const waiting = pLimit(3 * jobs);
const results: SeriesResult[] = [];
let lab: CrashLab;

beforeAll(async () => {
  lab = await startCrashLab();
});

afterAll(async () => {
  process.stdout.write(`\n${tableOf(results)}\n`);
  await lab.stop();
});

describe('whatever happens, and whenever', { concurrent: true, timeout: 7_200_000 }, () => {
  it.for(
    chosenSeries(choice).map(
      (series, index) => [nameOf(series.scenario), series.disturbance.name, series, index] as const,
    ),
  )(
    '%s, %s: nothing leaks, nothing is done twice, and the certificate is there in the end',
    async ([, , series, index]) => {
      const result = await runSeries(lab, series, {
        choose: (labels) => pointsToTry(labels.length, index),
        limit: series.disturbance.kind === 'fault' ? waiting : busy,
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

/** Of some points only, another part for each series, so that together they come to every kind of point. */
function pointsToTry(points: number, index: number): number[] {
  if (choice.point !== null) return [choice.point];
  const all = Array.from({ length: points }, (_, before) => before + 1);
  return all.filter((n) => n % every === index % every);
}
