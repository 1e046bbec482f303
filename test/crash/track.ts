import { readFile } from 'node:fs/promises';
import { type SeenRequest, kindOf } from '../support/acme-request.ts';
import type { Customer } from './crash-lab.ts';

/** What a run has come to, in order. */
export interface Track {
  /** Moments in the program, as points-preload.mjs wrote them. */
  moments: string[];
  /** Requests as they arrived at the proxy. */
  requests: SeenRequest[];
}

/** The track of the last run. */
export async function trackOf({ pointsFile, proxy }: Customer): Promise<Track> {
  const text = await readFile(pointsFile, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  return { moments: lines.map(readable), requests: [...proxy.requests] };
}

/** The preload doesn't know what Pebble's paths stand for. */
function readable(line: string): string {
  return line.replace(/(read|GET|HEAD|POST) (\/.*)/, (_, method: string, path: string) =>
    kindOf(path, method === 'POST' ? {} : undefined, false),
  );
}
