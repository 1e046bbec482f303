import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../test/support/workspace.ts';
import { type Cost, measure } from './measured-process.ts';

/** Wall times in milliseconds, of as many runs each. */
export interface StartUp {
  authzListMs: number[];
  nodeMs: number[];
}

const runs = 15;

/**
 * `authz list` on an empty ledger, beside the time that Node takes for nothing, in turns.
 * @throws Error when a run fails
 */
export async function measureStartUp(directory: string, signal: AbortSignal): Promise<StartUp> {
  const program = fileURLToPath(new URL('../bin/acme-ledger', import.meta.url));
  const env = cleanEnvironment({ ACME_LEDGER_STATE_DIR: path.join(directory, 'empty') });
  const node = async (...args: string[]): Promise<Cost> => {
    const outputFile = path.join(directory, 'output.txt');
    const cost = await measure(
      { file: process.execPath, args, env },
      { outputFile, signal, timeoutMs: 60_000 },
    );
    if (cost.exitCode !== 0) throw new Error(`node ${args.join(' ')} failed:\n${cost.output}`);
    return cost;
  };
  // The first run makes the ledger.
  await node(program, 'authz', 'list');
  const startUp: StartUp = { authzListMs: [], nodeMs: [] };
  for (let run = 0; run < runs; run += 1) {
    startUp.nodeMs.push((await node('-e', '0')).wallMs);
    startUp.authzListMs.push((await node(program, 'authz', 'list')).wallMs);
  }
  return startUp;
}
