import { parseArgs } from 'node:util';
import { clients } from './clients.ts';

export interface BenchOptions {
  runs: number;
  only: string[];
  names: number[];
  latencyMs: number[];
  json: string | undefined;
}

const usage = `npm run bench -- [--runs N] [--only CLIENT,…] [--names N,…] [--latency MS,…] [--json FILE]`;

/** @throws Error with the usage in it */
export function parseOptions(args: string[]): BenchOptions {
  const names = clients.map(({ name }) => name.replace('()', ''));
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '3' },
      only: { type: 'string', default: names.join(',') },
      names: { type: 'string', default: '1,10,100' },
      latency: { type: 'string', default: '0,50' },
      json: { type: 'string' },
    },
  });
  const only = values.only.split(',').map((name) => name.trim().replace('()', ''));
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`no client "${unknown}": there is ${names.join(', ')}\n${usage}`);
  return {
    runs: numbers(values.runs, '--runs', 1, 100)[0] ?? 1,
    only,
    // Pebble, like most CAs, takes no more than 100 in one order.
    names: numbers(values.names, '--names', 1, 100),
    latencyMs: numbers(values.latency, '--latency', 0, 10_000),
    json: values.json,
  };
}

function numbers(text: string, option: string, from: number, to: number): number[] {
  return text.split(',').map((part) => {
    const value = /^\d+$/.test(part.trim()) ? Number(part) : NaN;
    if (value >= from && value <= to) return value;
    throw new Error(`${option}: "${part}" isn't a whole number from ${from} to ${to}\n${usage}`);
  });
}
