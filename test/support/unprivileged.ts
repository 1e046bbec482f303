import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ProgramResult, runProgram } from './program.ts';
import { cleanEnvironment } from './workspace.ts';

const program = fileURLToPath(new URL('../../bin/acme-ledger', import.meta.url));

/** Runs the built program so that the permissions of files hold for it, also for root: as root it lacks the capabilities that pass over them. */
export async function runUnprivileged(args: string[]): Promise<ProgramResult> {
  if (process.getuid?.() !== 0) return await runProgram(args);
  const startedAt = performance.now();
  const given = ['--bounding-set=-dac_override,-dac_read_search', process.execPath, program, ...args];
  return await new Promise((resolve, reject) => {
    const child = execFile('setpriv', given, { env: cleanEnvironment() }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(new Error(`setpriv: ${error.message}`, { cause: error }));
        return;
      }
      const { exitCode, signalCode: signal } = child;
      resolve({ exitCode, signal, stdout, stderr, durationMs: performance.now() - startedAt });
    });
  });
}
