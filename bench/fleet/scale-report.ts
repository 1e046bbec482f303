import type { RequestKind } from '../../test/support/acme-request.ts';
import type { LimitOptions } from '../../test/support/misbehaviour/issuance-limits.ts';
import type { Allowance } from '../../test/support/misbehaviour/token-bucket.ts';
import type { Cost } from '../measured-process.ts';
import type { ScaleOptions } from './scale.ts';

/** A line of `name list --json`. */
export interface FailingName {
  name: string;
  status: string;
  failures: number;
  nextAttemptAt: string | null;
}

/** What became of the fleet, by the proxy's own account of the CA. */
export interface ScaleReport {
  options: ScaleOptions;
  limits: LimitOptions;
  names: number;
  dead: string[];
  slow: number;
  importing: Cost;
  runs: Cost[];
  kills: number;
  wallMs: number;
  /** Certificates with at least one healthy name, and those of them that aren't stored for exactly their healthy names. */
  wanted: number;
  missing: string[];
  /** That the CA was asked to issue. */
  issued: number;
  newOrders: number;
  requests: number;
  counts: Record<RequestKind, number>;
  faults: ReadonlyMap<string, number>;
  refusals: string[];
  /** Authorizations open at one time, and at the end. */
  mostOpen: number;
  pendingAtEnd: string[];
  /** Besides: of orders that nobody can find, and how many the ledger counts for such. */
  unfindable: number;
  reserved: number;
  failing: FailingName[];
  /** The name of each authorization that became invalid. */
  failedValidations: string[];
  leftPresented: string[];
  ledgerCheck: { exitCode: number | null; text: string };
}

/** What the fleet was promised and didn't get; empty when all is well. */
export function brokenOf(report: ScaleReport): string[] {
  const { maxPending } = report.options;
  return [
    ...report.missing.map((name) => `no certificate for the healthy names of ${name}`),
    ...notBackedOff(report).map((name) => `dead, and not backed off: ${name}`),
    ...report.refusals.map((text) => `a 429 that was to be foreseen: ${text}`),
    ...(report.mostOpen > maxPending ? [`${report.mostOpen} authorizations were open at one time`] : []),
    ...report.pendingAtEnd.map((one) => `pending at the end: ${one}`),
    ...(report.unfindable > report.reserved
      ? [`${report.unfindable} pending that nobody can find, and ${report.reserved} counted for such`]
      : []),
    ...report.leftPresented.map((file) => `left presented: ${file}`),
    ...(report.kills < 3 ? [`killed ${report.kills} times only`] : []),
    ...(report.ledgerCheck.exitCode === 0 ? [] : [`ledger check: ${report.ledgerCheck.text}`]),
  ];
}

function notBackedOff({ dead, failing }: ScaleReport): string[] {
  const waiting = new Set(
    failing
      .filter(({ failures, nextAttemptAt }) => failures > 0 && nextAttemptAt !== null)
      .map(({ name }) => name),
  );
  return dead.filter((name) => !waiting.has(name));
}

/** The figures, for a person. */
export function scaleText(report: ScaleReport): string {
  const { runs, issued, requests, faults, dead, options, importing } = report;
  const cpuMs = runs.reduce((sum, run) => sum + run.cpuMs, 0);
  const peakMb = Math.max(...runs.map(({ peakKb }) => peakKb)) / 1024;
  const allFaults = [...faults.values()].reduce((sum, count) => sum + count, 0);
  const backedOff = dead.length - notBackedOff(report).length;
  const stored = report.wanted - report.missing.length;
  return [
    `${options.certificates} certificates with ${report.names} names, ${dead.length} dead and ${report.slow} slow (seed ${options.seed})`,
    `limits of the CA        ${limitsText(report.limits)}`,
    'shortened from outside  holds that a refusal without a time made, to a second; nothing else',
    `cert import             ${(importing.wallMs / 1000).toFixed(1)} s`,
    `renew                   ${runs.length} runs, ${report.kills} of them killed; exit codes ${listed(tally(runs.map(({ exitCode }) => String(exitCode))))}`,
    `certificates            ${stored} of ${report.wanted} with a healthy name stored for exactly their healthy names; ${issued} issued by the CA for it`,
    `dead names backed off   ${backedOff} of ${dead.length}; failed validations ${report.failedValidations.length}, at most ${most(report.failedValidations)} of one name; healthy names among those that fail: ${healthyFailing(report)}`,
    `429 to be foreseen      ${report.refusals.length}`,
    `most open at one time   ${report.mostOpen} of ${options.maxPending}; pending at the end ${report.pendingAtEnd.length}, and ${report.unfindable} that nobody can find (${report.reserved} counted for such); left presented ${report.leftPresented.length}`,
    `requests                ${requests}, ${(requests / issued).toFixed(2)} a certificate; ${report.newOrders} newOrder`,
    `by kind                 ${listed(new Map(Object.entries(report.counts).filter(([, count]) => count > 0)))}`,
    `faults                  ${allFaults} (${((100 * allFaults) / requests).toFixed(1)} %): ${listed(faults)}`,
    `CPU                     ${(cpuMs / 1000).toFixed(1)} s, ${(cpuMs / issued).toFixed(1)} ms a certificate; most resident in one run ${peakMb.toFixed(0)} MB`,
    `wall                    ${(report.wallMs / 1000).toFixed(0)} s, ${(issued / (report.wallMs / 1000)).toFixed(1)} certificates a second, waiting for the limits included`,
    `ledger check            exit ${report.ledgerCheck.exitCode}`,
  ].join('\n');
}

function healthyFailing({ failing, dead }: ScaleReport): number {
  const known = new Set(dead);
  return failing.filter(({ name }) => !known.has(name)).length;
}

function limitsText(limits: LimitOptions): string {
  const entries = Object.entries(limits) as [string, Allowance][];
  return entries.map(([name, { limit, periodMs }]) => `${name} ${limit}/${periodMs / 1000}s`).join(', ');
}

function most(names: readonly string[]): number {
  return Math.max(0, ...tally(names).values());
}

function tally(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}
