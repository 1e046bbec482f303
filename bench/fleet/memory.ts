import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Goal } from '../goals.ts';
import { startLab } from '../lab.ts';
import { type Cost, measure } from '../measured-process.ts';
import { batchClients } from './batch-clients.ts';
import { freshNames } from './throughput.ts';

const timeoutMs = 60 * 60_000;
const goalMb = 250;

const latencyMs = 50;

/** What one `renew` cost. Pebble can stop answering for good after some thousands of orders: then it is what came until then. */
export interface MemoryCost extends Cost {
  issued: number;
}

/** One `renew` that issues them all. @throws Error when it issues none */
export async function measureMemory(
  directory: string,
  certificates: number,
  signal: AbortSignal,
): Promise<MemoryCost> {
  const stateDir = path.join(directory, 'memory');
  const webroot = path.join(stateDir, 'webroot');
  await mkdir(webroot, { recursive: true });
  const lab = await startLab(webroot);
  try {
    const { directoryUrl, caFile } = lab;
    await lab.begin(latencyMs);
    const own = batchClients[0];
    if (own === undefined) throw new Error('no client');
    const surroundings = { directoryUrl, caFile, webroot, stateDir };
    const command = await own.prepare(surroundings, freshNames(certificates), 32);
    const outputFile = path.join(stateDir, 'output.txt');
    const cost = await measure(command, { outputFile, signal, timeoutMs });
    const issued = (await lab.counted()).counts.certificate;
    if (issued === 0) throw new Error(`renew ended with ${cost.exitCode}:\n${cost.output}`);
    return { ...cost, issued };
  } finally {
    await lab.stop();
  }
}

export function memoryGoal(certificates: number, { issued, peakKb, wallMs, cpuMs }: MemoryCost): Goal {
  const peakMb = peakKb / 1024;
  const seconds = wallMs / 1000;
  return {
    goal: `one run with ${certificates} certificates under ${goalMb} MB resident`,
    isReached: peakMb < goalMb && issued >= certificates,
    figures: `${peakMb.toFixed(0)} MB with ${issued} issued; ${seconds.toFixed(0)} s, ${(issued / seconds).toFixed(1)} a second, CPU ${(cpuMs / issued).toFixed(1)} ms a certificate`,
  };
}
