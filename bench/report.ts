import { cpus, loadavg } from 'node:os';
import { drawTable } from '../src/cli/output/table.ts';
import type { Client } from './clients.ts';
import { type Goal, totalOf } from './goals.ts';
import type { IssuingRun } from './issuing.ts';
import type { StartUp } from './startup.ts';
import { median, medianWithRange } from './statistics.ts';

/** What was measured where. */
export async function headOf(clients: readonly Client[]): Promise<string> {
  const versions = await Promise.all(
    clients.map(async (client) => `${client.name} ${(await client.version()) ?? 'not installed'}`),
  );
  const [load = 0] = loadavg();
  return [
    `${new Date().toISOString()}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${load.toFixed(2)} before`,
    versions.join(', '),
    'Pebble on loopback, behind a proxy that counts and delays each request (not the handshakes); http-01 by webroot, P-256 keys,',
    'new names in each run, an account that has issued before. Medians (least–most); CPU is user and system time, peak the most memory resident.',
  ].join('\n');
}

/** A table for each latency. */
export function issuingTables(runs: readonly IssuingRun[]): string {
  const latencies = [...new Set(runs.map(({ latencyMs }) => latencyMs))];
  return latencies
    .map((latencyMs) => `${latencyMs} ms added to each request\n${issuingTable(runs, latencyMs)}`)
    .join('\n\n');
}

const head = ['NAMES', 'CLIENT', 'RUNS', 'WALL s', 'CPU s', 'PEAK MB', 'REQUESTS', 'NEWNONCE', 'CONNECTIONS'];

function issuingTable(runs: readonly IssuingRun[], latencyMs: number): string {
  const groups = new Map<string, IssuingRun[]>();
  for (const run of runs.filter((each) => each.latencyMs === latencyMs)) {
    const key = `${run.names} ${run.client}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return drawTable(head, [...groups.values()].map(rowOf));
}

function rowOf(runs: readonly IssuingRun[]): string[] {
  const [first] = runs;
  const good = runs.filter(({ exitCode }) => exitCode === 0);
  const cell = (value: (run: IssuingRun) => number, digits: number): string =>
    good.length === 0 ? '-' : medianWithRange(good.map(value), (number) => number.toFixed(digits));
  return [
    String(first?.names ?? ''),
    first?.client ?? '',
    good.length === runs.length
      ? String(runs.length)
      : `${runs.length} (${runs.length - good.length} failed)`,
    cell(({ wallMs }) => wallMs / 1000, 2),
    cell(({ cpuMs }) => cpuMs / 1000, 2),
    cell(({ peakKb }) => peakKb / 1024, 0),
    cell(totalOf, 0),
    cell(({ counts }) => counts.newNonce, 0),
    cell(({ connections }) => connections, 0),
  ];
}

/** The requests of one run of each client and number of names: the last, at the highest latency. */
export function kindsTable(runs: readonly IssuingRun[]): string {
  const good = runs.filter(({ exitCode }) => exitCode === 0);
  const last = new Map(good.map((run) => [`${run.names} ${run.client}`, run]));
  const rows = [...last.values()].map((run) => [
    String(run.names),
    run.client,
    Object.entries(run.counts)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', '),
  ]);
  return `Requests by kind, in the last run at ${last.values().next().value?.latencyMs ?? 0} ms\n${drawTable(['NAMES', 'CLIENT', 'REQUESTS'], rows)}`;
}

export function startUpLines({ authzListMs, nodeMs }: StartUp): string {
  const ms = (values: number[]): string => medianWithRange(values, (value) => value.toFixed(0));
  return [
    'Start-up, ms',
    `acme-ledger authz list, empty ledger  ${ms(authzListMs)}`,
    `node -e 0                             ${ms(nodeMs)}`,
    `ratio                                 ${(median(authzListMs) / median(nodeMs)).toFixed(2)}`,
  ].join('\n');
}

export function goalLines(goals: readonly Goal[]): string {
  const widest = Math.max(...goals.map(({ goal }) => goal.length));
  const verdict = (isReached: boolean | null): string =>
    isReached === null ? '' : isReached ? 'reached      ' : 'NOT reached  ';
  return goals
    .map(({ goal, isReached, figures }) => `goal  ${goal.padEnd(widest)}  ${verdict(isReached)}${figures}`)
    .join('\n');
}
