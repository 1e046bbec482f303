import type { FleetReport } from './fleet.ts';

/** What the fleet was promised and didn't get; empty when all is well. */
export function brokenPromises(report: FleetReport, maxPending: number): string[] {
  const { mostOpen, missing, impossible, pendingAtEnd, paidTwice, submittedTwice, presented, bugs } = report;
  return [
    ...(mostOpen > maxPending ? [`${mostOpen} authorizations were open at one time`] : []),
    ...pendingAtEnd.map((one) => `pending at the end: ${one}`),
    ...missing.map((name) => `no certificate: ${name}`),
    ...impossible.map((name) => `a certificate that can't be: ${name}`),
    ...paidTwice.map((name) => `more than one certificate was paid for: ${name}`),
    ...submittedTwice.map((one) => `submitted twice: ${one}`),
    ...presented.map((file) => `left presented: ${file}`),
    ...bugs.map((text) => `a bug: ${text}`),
  ];
}

/** The figures of a fleet, for a person. */
export function fleetText(report: FleetReport): string {
  const { orders, requests, seconds, rounds, mostOpen, issued, wanted, faults } = report;
  const all = [...faults.values()].reduce((sum, count) => sum + count, 0);
  const share = ((100 * all) / requests).toFixed(1);
  return [
    `orders ${orders}, requests ${requests}, seconds ${seconds}, rounds after the first ${rounds}`,
    `faults ${all} (${share} %): ${listed(faults)}`,
    `most open ${mostOpen}, pending at the end ${report.pendingAtEnd.length}`,
    `certificates ${issued} of ${wanted}`,
    `paid twice ${report.paidTwice.length}, submitted twice ${report.submittedTwice.length}, left presented ${report.presented.length}`,
    `exit codes: ${listed(report.exits)}`,
  ].join('\n');
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}
