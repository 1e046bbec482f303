import Table from 'cli-table3';
import { type FreezeResult, type FreezeScenario, freezeName } from './freeze-case.ts';
import { violationKinds } from './violation.ts';

/** One scenario, stopped at many points. */
export interface FreezeSeries {
  scenario: FreezeScenario;
  points: number;
  failures: FreezeResult[];
}

/** One line for each scenario: points tried, then the cases in which each kind of violation was seen. */
export function freezeTableOf(results: readonly FreezeSeries[]): string {
  const table = new Table({
    head: ['stopped beside', 'points', ...violationKinds],
    style: { head: [], border: [], compact: true },
  });
  for (const { scenario, points, failures } of results) {
    const figures = violationKinds.map(
      (kind) => failures.filter(({ violations }) => violations.some((one) => one.kind === kind)).length,
    );
    table.push([freezeName(scenario), points, ...figures]);
  }
  return table.toString();
}

/** Enough to repeat the case, and what was seen. */
export function freezeReport(
  scenario: FreezeScenario,
  { n, label, violations, transcript }: FreezeResult,
): string {
  const found = violations.map(({ kind, text }) => `  ${kind}: ${text}\n`).join('');
  const only = `${freezeName(scenario)}:${n}`;
  return `FREEZE_ONLY='${only}' npm run test:crash   # ${label ?? 'the run had ended'}\n${found}${transcript}`;
}
