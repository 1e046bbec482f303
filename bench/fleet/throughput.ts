import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { RequestKind } from '../../test/support/acme-request.ts';
import { startLab } from '../lab.ts';
import { type Cost, measure } from '../measured-process.ts';
import { type BatchClient, batchClients } from './batch-clients.ts';

/** Many certificates of one name each by one client, measured. */
export interface Batch extends Cost {
  client: string;
  /** Null where it says nothing: one process a certificate. */
  peakMb: number | null;
  certificates: number;
  latencyMs: number;
  concurrency: number;
  /** How many the CA was asked for and handed out; the client may have failed. */
  issued: number;
  requests: number;
  counts: Record<RequestKind, number>;
}

export interface ThroughputOptions {
  /** In each batch. */
  certificates: number;
  latencyMs: readonly number[];
  concurrency: readonly number[];
  signal: AbortSignal;
  onBatch(batch: Batch): void;
}

/** For each that is worked on at one time. */
const batchShare = 100;
const timeoutMs = 20 * 60_000;

/**
 * All clients that are installed, one after the other, at each round trip and concurrency, each time with a CA of its own: Pebble stops
 * answering for good after some thousands of orders.
 */
export async function measureThroughput(directory: string, options: ThroughputOptions): Promise<Batch[]> {
  const clients: BatchClient[] = [];
  for (const client of batchClients) if ((await client.version()) !== null) clients.push(client);
  const measured: Batch[] = [];
  for (const latencyMs of options.latencyMs) {
    for (const concurrency of options.concurrency) {
      for (const client of clients) {
        // One after the other they take long, and vary little.
        const atMost = Math.min(options.certificates, batchShare * concurrency);
        const certificates = client.certificates(atMost, concurrency);
        const place = path.join(directory, 'throughput', String(measured.length));
        const batch = await oneBatch(place, options.signal, { client, certificates, latencyMs, concurrency });
        options.onBatch(batch);
        measured.push(batch);
      }
    }
  }
  return measured;
}

interface Case {
  client: BatchClient;
  certificates: number;
  latencyMs: number;
  concurrency: number;
}

async function oneBatch(
  stateDir: string,
  signal: AbortSignal,
  { client, certificates, latencyMs, concurrency }: Case,
): Promise<Batch> {
  const webroot = path.join(stateDir, 'webroot');
  await mkdir(webroot, { recursive: true });
  const lab = await startLab(webroot);
  try {
    const { directoryUrl, caFile } = lab;
    const outputFile = path.join(stateDir, 'output.txt');
    const run = async (count: number): Promise<Cost> => {
      const surroundings = { directoryUrl, caFile, webroot, stateDir };
      const command = await client.prepare(surroundings, freshNames(count), concurrency);
      await lab.begin(count === certificates ? latencyMs : 0);
      return measure(command, { outputFile, signal, timeoutMs });
    };
    // The account is registered, and what can be kept is kept.
    await run(1);
    const cost = await run(certificates);
    const { counts } = await lab.counted();
    return {
      ...cost,
      client: client.name,
      peakMb: client.isOneProcess ? cost.peakKb / 1024 : null,
      certificates,
      latencyMs,
      concurrency,
      issued: counts.certificate,
      requests: Object.values(counts).reduce((sum, count) => sum + count, 0),
      counts,
    };
  } finally {
    await lab.stop();
  }
}

/** Names that no authorization was ever asked for, each below a domain of its own. */
export function freshNames(count: number): string[] {
  const label = randomBytes(5).toString('hex');
  return Array.from({ length: count }, (_, index) => `n${index + 1}.${label}${index + 1}.test`);
}
