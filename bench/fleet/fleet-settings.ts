import { parseArgs } from 'node:util';

const parts = ['scale', 'throughput', 'memory'] as const;
export type Part = (typeof parts)[number];

export interface FleetSettings {
  only: readonly Part[];
  /** Of the scale run. */
  certificates: number;
  seed: number;
  /** Of each measurement of the throughput. */
  batch: number;
  latencyMs: readonly number[];
  concurrency: readonly number[];
  /** 0: the memory isn't measured. */
  memoryCertificates: number;
}

const usage =
  'npm run bench:fleet -- [--only scale,throughput,memory] [--batch N] [--latency MS,…] [--concurrency N,…]; ' +
  'FLEET_CERTIFICATES, FLEET_MEMORY_CERTIFICATES and FLEET_SEED in the environment';

/** @throws Error with the usage in it */
export function readSettings(args: string[], env: NodeJS.ProcessEnv): FleetSettings {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', default: parts.join(',') },
      batch: { type: 'string', default: '400' },
      latency: { type: 'string', default: '0,50' },
      concurrency: { type: 'string', default: '1,8,32' },
    },
  });
  const only = values.only.split(',').map((name) => parts.find((part) => part === name.trim()));
  if (only.includes(undefined)) throw new Error(`--only ${values.only}\n${usage}`);
  const anySeed = String(Math.floor(Math.random() * 2 ** 31));
  return {
    only: only.filter((part) => part !== undefined),
    certificates: number(env['FLEET_CERTIFICATES'] ?? '2000', 'FLEET_CERTIFICATES'),
    seed: number(env['FLEET_SEED'] ?? anySeed, 'FLEET_SEED'),
    batch: number(values.batch, '--batch'),
    latencyMs: values.latency.split(',').map((text) => number(text, '--latency')),
    concurrency: values.concurrency.split(',').map((text) => number(text, '--concurrency')),
    memoryCertificates: number(env['FLEET_MEMORY_CERTIFICATES'] ?? '10000', 'FLEET_MEMORY_CERTIFICATES'),
  };
}

function number(text: string, what: string): number {
  if (/^\d+$/.test(text.trim())) return Number(text);
  throw new Error(`${what}: "${text}" isn't a whole number\n${usage}`);
}
