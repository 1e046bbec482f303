import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, open, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cleanEnvironment } from '../workspace.ts';

export interface ClientPlace {
  directoryUrl: string;
  caFile: string;
  /** This client's own. */
  directory: string;
}

export interface ClientFiles {
  logFile: string;
  configDirectory: string;
  accountKeyFile: string;
}

export type LeavingClient = (place: ClientPlace, names: readonly string[]) => Promise<ClientFiles>;

export interface ClientCommand {
  program: string;
  args: readonly string[];
  env?: Record<string, string>;
  /** Gets what it prints, after what is there. */
  logFile: string;
  /** After this it is ended, and that is an error. */
  timeoutMs?: number;
}

const usualTimeoutMs = 90_000;

/**
 * Runs a client to its end, whichever that is.
 * @returns its exit code, or the signal that ended it
 * @throws Error when it isn't installed, or still runs after its time
 */
export async function runClient({
  program,
  args,
  env,
  logFile,
  timeoutMs = usualTimeoutMs,
}: ClientCommand): Promise<number | string> {
  const log = await open(logFile, 'a');
  const tooLate = AbortSignal.timeout(timeoutMs);
  try {
    const child = spawn(program, args, {
      env: cleanEnvironment(env),
      stdio: ['ignore', log.fd, log.fd],
      signal: tooLate,
      killSignal: 'SIGKILL',
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    // What the shell says of a program that isn't there.
    if (code === 127) throw new Error(await readFile(logFile, 'utf8'));
    return code ?? signal ?? 'nothing';
  } catch (error) {
    if (!tooLate.aborted) throw new Error(`${program} can't be run: ${installation}`, { cause: error });
    throw new Error(`${program} didn't end, see ${logFile}`, { cause: error });
  } finally {
    await log.close();
  }
}

const installation = 'the tests need the clients of Debian: apt-get install certbot lego dehydrated uacme';

/** @throws Error with the end of the log when the outcome isn't the one that was wanted */
export async function assertOutcome(
  outcome: number | string,
  wanted: number | string,
  logFile: string,
): Promise<void> {
  if (outcome === wanted) return;
  const log = await readFile(logFile, 'utf8');
  throw new Error(`ended with ${outcome} instead of ${wanted}:\n${log.slice(-2000)}`);
}

/** A hook of the shell's. */
export async function writeHook(file: string, body: string): Promise<string> {
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o700);
  return file;
}

/** The one file under a directory whose path ends like this. */
export async function onlyFile(directory: string, ending: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true });
  const [found, ...more] = entries.filter((entry) => entry.endsWith(ending));
  if (found === undefined || more.length > 0)
    throw new Error(`${more.length + 1} or no ${ending} in ${directory}`);
  return path.join(directory, found);
}
