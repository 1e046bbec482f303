/**
 * `npm run bench:fleet`: what becomes of thousands of certificates from cron at a CA with limits, faults and dead names, and what each
 * costs. Tables on stdout, progress on stderr. Exit code 1 when the fleet isn't what it must be; a goal that isn't reached is a figure
 * like any other.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { Goal } from '../goals.ts';
import { goalLines } from '../report.ts';
import { batchClients } from './batch-clients.ts';
import { type FleetSettings, readSettings } from './fleet-settings.ts';
import { measureMemory, memoryGoal } from './memory.ts';
import { brokenOf, scaleText } from './scale-report.ts';
import { runScale } from './scale.ts';
import { throughputGoals, throughputTable } from './throughput-report.ts';
import { type Batch, measureThroughput } from './throughput.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Not just once: npm and tsx pass on what the terminal has sent to this process, too.
  process.on(signal, () => {
    process.exitCode = 128 + constants.signals[signal];
    interrupted.abort();
  });
}

try {
  await main(readSettings(process.argv.slice(2), process.env));
} catch (error) {
  if (!interrupted.signal.aborted) {
    progress(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function main(settings: FleetSettings): Promise<void> {
  await import('../../scripts/get-pebble.ts');
  if (process.exitCode !== undefined) return;
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-fleet-'));
  const { only } = settings;
  try {
    await printHead();
    if (only.includes('scale')) await scale(directory, settings);
    const goals: Goal[] = [];
    if (only.includes('throughput')) goals.push(...(await throughput(directory, settings)));
    if (only.includes('memory')) goals.push(...(await memory(directory, settings)));
    if (goals.length > 0) print(goalLines(goals));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function printHead(): Promise<void> {
  const versions: string[] = [];
  for (const client of batchClients) {
    versions.push(`${client.name} ${(await client.version()) ?? 'not installed'}`);
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? '?'}`;
  const load = (loadavg()[0] ?? 0).toFixed(2);
  print(
    `${new Date().toISOString()}, Node ${process.version}, ${machine}, load ${load} before\n${versions.join(', ')}\n` +
      'The CA is Pebble on loopback, on the same processors; http-01 by webroot, P-256 keys.',
  );
}

async function scale(directory: string, { certificates, seed }: FleetSettings): Promise<void> {
  const report = await runScale(directory, {
    certificates,
    maxPending: 40,
    concurrency: 16,
    seed,
    timeoutMs: 20 * 60_000,
    signal: interrupted.signal,
    say: progress,
  });
  print(scaleText(report));
  const broken = brokenOf(report);
  if (broken.length === 0) return;
  process.exitCode = 1;
  print(broken.slice(0, 50).join('\n'));
}

async function throughput(directory: string, settings: FleetSettings): Promise<Goal[]> {
  const batches = await measureThroughput(directory, {
    certificates: settings.batch,
    latencyMs: settings.latencyMs,
    concurrency: settings.concurrency,
    signal: interrupted.signal,
    onBatch: tellOf,
  });
  print(throughputTable(batches));
  return throughputGoals(batches);
}

function tellOf({ client, latencyMs, concurrency, wallMs, cpuMs, issued, exitCode, output }: Batch): void {
  const cost = `${issued} in ${(wallMs / 1000).toFixed(1)} s, CPU ${(cpuMs / 1000).toFixed(1)} s`;
  progress(`${latencyMs} ms, ${concurrency} at a time: ${client} ${cost}`);
  if (exitCode === 0) return;
  progress(`error: ${client} ended with ${exitCode ?? 'a signal'}:\n${output}`);
  process.exitCode = 1;
}

/** With a tenth of them, too: it must not depend on how many there are. */
async function memory(directory: string, { memoryCertificates }: FleetSettings): Promise<Goal[]> {
  const goals: Goal[] = [];
  for (const certificates of [Math.ceil(memoryCertificates / 10), memoryCertificates]) {
    if (certificates === 0) continue;
    progress(`${certificates} certificates in one run, for its memory`);
    goals.push(memoryGoal(await measureMemory(directory, certificates, interrupted.signal)));
  }
  return goals;
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
