import { counted } from '../printable.ts';
import { type CheckedName, type CheckSummary, allNames } from './checked-name.ts';
import type { Finding } from './finding.ts';
import type { Mender } from './finding-kind.ts';

const menders: Readonly<Record<Mender, string>> = {
  customer: "the domain's owner",
  operator: 'whoever runs acme-ledger',
  ca: 'the CA',
};

/** What is shown of a name to a person. @param isDetailed also what is only worth knowing */
export function checkedText(checked: CheckedName, { isDetailed }: { isDetailed: boolean }): string[] {
  const { name, way, findings } = checked;
  const faults = findings.filter(({ severity }) => severity !== 'info');
  const shown = isDetailed || name === allNames ? findings : faults;
  if (shown.length === 0) return [];
  const how = way === null ? '' : ` (${way.ca}, ${way.challenge})`;
  const head = name === allNames ? 'all names' : `${name}${how}`;
  const isWell = faults.length === 0 && name !== allNames;
  const rest = shown.filter(({ code }) => code !== 'well');
  return [`${head}: ${isWell ? 'well' : verdict(faults, name)}`, ...rest.flatMap(findingLines)];
}

function verdict(faults: readonly Finding[], name: string): string {
  if (name === allNames) return 'what was not looked at, or assumed';
  const failing = faults.filter(({ severity }) => severity !== 'warning').length;
  return failing > 0 ? 'would fail' : counted(faults.length, 'warning');
}

function findingLines({ severity, code, message, mend, whose }: Finding): string[] {
  const lines = [`  ${severity.padEnd(7)} ${code}: ${message}`];
  if (severity !== 'info') lines.push(`          to mend by ${menders[whose]}: ${mend}`);
  return lines;
}

/** The last line. */
export function summaryText({ names, wouldFail }: CheckSummary): string {
  if (names === 0) return 'no names to check';
  const all = counted(names, 'name');
  if (wouldFail === 0) return `${all} checked: nothing was found that would fail`;
  return `${all} checked: ${String(wouldFail)} would fail`;
}
