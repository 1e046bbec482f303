import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RequestKind } from '../test/support/acme-request.ts';

export interface LabReady {
  /** Of the proxy, or of the first one. */
  directoryUrl: string;
  /** Of all of them. */
  directoryUrls: readonly string[];
  caFile: string;
}

export type LabAsks = { ask: 'begin'; latencyMs: number } | { ask: 'counted' };

/** What came by since `begin`. */
export interface Counted {
  counts: Record<RequestKind, number>;
  connections: number;
}

/** Each CA behind its proxy, in another process, so that it takes no time from the one that measures. */
export interface Lab extends LabReady {
  /** Counts anew, and delays each request from now on. */
  begin(latencyMs: number): Promise<void>;
  counted(): Promise<Counted>;
  stop(): Promise<void>;
}

/**
 * @param authorities how many CAs there are, each behind a proxy of its own
 * @throws Error when the lab can't start; it says why on stderr
 */
export async function startLab(webroot: string, authorities = 1): Promise<Lab> {
  const file = fileURLToPath(new URL('lab-process.ts', import.meta.url));
  const child = fork(file, [webroot, String(authorities)]);
  const exited = once(child, 'exit');
  const ready = (await answerOf(child)) as LabReady;
  const ask = (asked: LabAsks): Promise<unknown> => {
    const answer = answerOf(child);
    child.send(asked);
    return answer;
  };
  return {
    ...ready,
    async begin(latencyMs) {
      await ask({ ask: 'begin', latencyMs });
    },
    counted: async () => (await ask({ ask: 'counted' })) as Counted,
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error('the lab of the benchmark has ended'));
    child.once('exit', fail);
    child.once('message', (message) => {
      child.off('exit', fail);
      resolve(message);
    });
  });
}
