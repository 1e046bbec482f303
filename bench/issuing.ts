import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Client, Surroundings } from './clients.ts';
import type { Counted, Lab } from './lab.ts';
import { type Cost, measure } from './measured-process.ts';
import type { BenchOptions } from './options.ts';

/** One certificate, measured. */
export interface IssuingRun extends Counted, Cost {
  client: string;
  names: number;
  latencyMs: number;
}

export interface Issuing {
  lab: Lab;
  surroundings: Surroundings;
  clients: readonly Client[];
  signal: AbortSignal;
  /** Told after each run. */
  onRun: (run: IssuingRun) => void;
}

// lego with 100 names at no latency takes seven minutes.
const timeoutMs = 20 * 60_000;
// What waits longer than that does so because of its own time-outs, which differ little from run to run.
const repeatedUpToMs = 20_000;

/** One certificate of each client that isn't counted: the account is registered, and what can be kept is kept. */
export async function warmUp(issuing: Issuing): Promise<void> {
  for (const client of issuing.clients) await issueOnce(issuing, client, 1, 0);
}

/** Whether a client waits rather than works, for minutes: it can do so beside the others, in a lab of its own. */
export function isSlow(client: Client, names: number, latencyMs: number): boolean {
  return client.secondsPerRun(names, latencyMs) > 120;
}

/**
 * All numbers of names at all latencies but for the slow ones, the clients taking turns so that what else the machine does meets
 * all of them. A client whose run takes longer than 20 s isn't asked for the same again.
 */
export async function issueAll(issuing: Issuing, options: BenchOptions): Promise<IssuingRun[]> {
  const measured: IssuingRun[] = [];
  for (const latencyMs of options.latencyMs) {
    for (const names of options.names) {
      const clients = issuing.clients.filter((client) => !isSlow(client, names, latencyMs));
      measured.push(...(await takeTurns({ ...issuing, clients }, names, latencyMs, options.runs)));
    }
  }
  return measured;
}

/** The slow ones, once each. */
export async function issueSlowOnes(issuing: Issuing, options: BenchOptions): Promise<IssuingRun[]> {
  const measured: IssuingRun[] = [];
  for (const latencyMs of options.latencyMs) {
    for (const names of options.names) {
      const clients = issuing.clients.filter((client) => isSlow(client, names, latencyMs));
      measured.push(...(await takeTurns({ ...issuing, clients }, names, latencyMs, 1)));
    }
  }
  return measured;
}

async function takeTurns(
  issuing: Issuing,
  names: number,
  latencyMs: number,
  runs: number,
): Promise<IssuingRun[]> {
  const measured: IssuingRun[] = [];
  const done = new Set<Client>();
  for (let turn = 0; turn < runs; turn += 1) {
    for (const client of issuing.clients) {
      if (done.has(client)) continue;
      const run = await issueOnce(issuing, client, names, latencyMs);
      measured.push(run);
      if (run.wallMs > repeatedUpToMs || run.exitCode !== 0) done.add(client);
    }
  }
  return measured;
}

async function issueOnce(
  { lab, surroundings, signal, onRun }: Issuing,
  client: Client,
  names: number,
  latencyMs: number,
): Promise<IssuingRun> {
  await lab.begin(latencyMs);
  const cost = await measure(client.command(surroundings, freshNames(names)), {
    outputFile: path.join(surroundings.stateDir, 'output.txt'),
    signal,
    timeoutMs,
  });
  const run = { client: client.name, names, latencyMs, ...cost, ...(await lab.counted()) };
  onRun(run);
  return run;
}

/** Names that no authorization was ever asked for. */
function freshNames(count: number): string[] {
  const label = randomBytes(5).toString('hex');
  return Array.from({ length: count }, (_, index) => `n${index + 1}.${label}.bench.test`);
}
