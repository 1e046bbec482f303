import Table from 'cli-table3';
import type { SeriesResult } from './campaign.ts';
import type { CaseResult } from './case.ts';
import type { Disturbance } from './disturbance.ts';
import { type Scenario, nameOf } from './scenario.ts';
import { violationKinds } from './violation.ts';

/** One line for each series, and their sum. */
export function tableOf(results: readonly SeriesResult[]): string {
  const table = new Table({
    head: ['scenario', 'disturbance', 'points', ...violationKinds],
    style: { head: [], border: [], compact: true },
  });
  for (const result of results)
    table.push([nameOf(result.scenario), result.disturbance.name, ...figuresOf([result])]);
  table.push(['all', '', ...figuresOf(results)]);
  return table.toString();
}

/** Enough to repeat each failure, and what was seen. */
export function reportOf({ scenario, disturbance, failures }: SeriesResult): string {
  return failures.map((failure) => failureReport(scenario, disturbance, failure)).join('\n');
}

export function failureReport(
  scenario: Scenario,
  disturbance: Disturbance,
  { n, label, violations, transcript }: CaseResult & { n: number },
): string {
  const found = violations.map(({ kind, text }) => `  ${kind}: ${text}\n`).join('');
  const only = `${nameOf(scenario)}:${disturbance.name}:${n}`;
  return `CRASH_ONLY='${only}' npm run test:crash   # ${label ?? 'the run had ended'}\n${found}${transcript}`;
}

/** Points tried, then the cases in which each kind of violation was seen. */
function figuresOf(results: readonly SeriesResult[]): number[] {
  const failures = results.flatMap((result) => result.failures);
  const cases = violationKinds.map(
    (kind) => failures.filter(({ violations }) => violations.some((one) => one.kind === kind)).length,
  );
  return [results.reduce((sum, { points }) => sum + points, 0), ...cases];
}
