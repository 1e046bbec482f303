import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashLab, startCrashLab } from './crash-lab.ts';
import {
  type FreezeResult,
  type FreezeScenario,
  freezeName,
  freezePoints,
  freezeScenarios,
  isFreezable,
  runFreezeCase,
} from './freeze-case.ts';
import { canFreeze } from './freezing.ts';
import { type FreezeSeries, freezeReport, freezeTableOf } from './freeze-table.ts';

/** `SCENARIO` or `SCENARIO:POINT`. */
const [only = '', point = ''] = (process.env['FREEZE_ONLY'] ?? '').split(':');
/** With 10, every tenth point of each scenario. */
const every = Number(process.env['FREEZE_EVERY'] ?? '1');
const limit = pLimit(Number(process.env['CRASH_JOBS'] ?? '3'));
const results: FreezeSeries[] = [];
let lab: CrashLab;

beforeAll(async () => {
  if (!(await canFreeze())) throw new Error('a PID namespace is wanted, which root can have');
  lab = await startCrashLab();
});

afterAll(async () => {
  process.stdout.write(`\n${freezeTableOf(results)}\n`);
  await lab.stop();
});

describe('a run that is stopped for longer than its lease', { concurrent: true, timeout: 7_200_000 }, () => {
  it.for(
    freezeScenarios
      .filter((scenario) => freezeName(scenario).startsWith(only))
      .map((scenario, index) => [freezeName(scenario), scenario, index] as const),
  )('%s: does nothing any more to what another took over', async ([, scenario, index]) => {
    const points = await tried(scenario, index);
    const cases = await Promise.all(points.map((n) => limit(() => runAndTell(scenario, n))));
    const failures = cases.filter(({ violations }) => violations.length > 0);
    results.push({ scenario, points: cases.length, failures });
    expect(failures.length, 'cases went wrong, as printed above').toBe(0);
  });
});

async function tried(scenario: FreezeScenario, index: number): Promise<number[]> {
  if (point !== '') return [Number(point)];
  const labels = await limit(() => freezePoints(lab, scenario));
  return labels.flatMap((label, before) =>
    isFreezable(label) && before % every === index % every ? [before + 1] : [],
  );
}

async function runAndTell(scenario: FreezeScenario, n: number): Promise<FreezeResult> {
  const result = await runFreezeCase(lab, scenario, n);
  if (result.violations.length > 0 || process.env['FREEZE_VERBOSE'] === 'yes')
    process.stdout.write(`${freezeReport(scenario, result)}\n`);
  return result;
}
