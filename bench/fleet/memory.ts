import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Goal } from '../goals.ts';
import { startLab } from '../lab.ts';
import { type Cost, measure } from '../measured-process.ts';
import { importedRenewal } from './batch-clients.ts';
import { freshNames } from './throughput.ts';

const timeoutMs = 60 * 60_000;
const goalMb = 250;
const latencyMs = 50;
// Pebble stops answering for good after some thousands of orders, so that ten have a tenth of the certificates each.
const authorities = 10;

/** What one `renew` cost. */
export interface MemoryCost extends Cost {
  certificates: number;
  issued: number;
}

/** One `renew` that issues them all, from ten CAs. @throws Error when it issues none */
export async function measureMemory(
  directory: string,
  certificates: number,
  signal: AbortSignal,
): Promise<MemoryCost> {
  const stateDir = path.join(directory, `memory-${certificates}`);
  const webroot = path.join(stateDir, 'webroot');
  await mkdir(webroot, { recursive: true });
  const lab = await startLab(webroot, authorities);
  try {
    const { directoryUrl, directoryUrls, caFile } = lab;
    const wanted = freshNames(certificates).map((name, index) => ({
      name,
      directoryUrl: directoryUrls[index % directoryUrls.length] ?? directoryUrl,
    }));
    const command = await importedRenewal({ directoryUrl, caFile, webroot, stateDir }, wanted, 32);
    await lab.begin(latencyMs);
    const outputFile = path.join(stateDir, 'output.txt');
    const cost = await measure(command, { outputFile, signal, timeoutMs });
    const issued = (await lab.counted()).counts.certificate;
    if (issued === 0) throw new Error(`renew ended with ${cost.exitCode}:\n${cost.output}`);
    return { ...cost, certificates, issued };
  } finally {
    await lab.stop();
  }
}

export function memoryGoal({ certificates, issued, peakKb, wallMs, cpuMs }: MemoryCost): Goal {
  const peakMb = peakKb / 1024;
  const seconds = wallMs / 1000;
  return {
    goal: `one run with ${certificates} certificates under ${goalMb} MB resident`,
    isReached: peakMb < goalMb && issued >= certificates,
    figures: `${peakMb.toFixed(0)} MB with ${issued} issued; ${seconds.toFixed(0)} s, ${(issued / seconds).toFixed(1)} a second, CPU ${(cpuMs / issued).toFixed(1)} ms a certificate`,
  };
}
