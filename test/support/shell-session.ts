import { spawn } from 'node:child_process';
import { cleanEnvironment } from './workspace.ts';

/** One command of a session and what came after it, on stdout and stderr together. */
export interface SessionStep {
  command: string;
  output: string;
}

export interface SessionOptions {
  /** Paths and addresses as they are written, and what stands for each of them here. */
  places: Record<string, string>;
  directory: string;
  env: Record<string, string>;
}

/** The steps of a session as documents show it: a `$ ` before each command. */
export function stepsOf(session: string): SessionStep[] {
  return session
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.split('\n');
      return { command, output: output.join('\n') };
    });
}

/** Runs the commands of a session one after the other, and gives what they printed, as it would have been written. */
export async function runSession(
  steps: readonly SessionStep[],
  { places, directory, env }: SessionOptions,
): Promise<SessionStep[]> {
  const done: SessionStep[] = [];
  for (const { command } of steps) {
    const here = replaceAll(command, Object.entries(places));
    const output = await outputOf(here, directory, env);
    const written = Object.entries(places).map(([there, place]): [string, string] => [place, there]);
    done.push({ command, output: replaceAll(output, written) });
  }
  return done;
}

function replaceAll(text: string, pairs: [string, string][]): string {
  return pairs.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
}

async function outputOf(command: string, directory: string, env: Record<string, string>): Promise<string> {
  const child = spawn('/bin/sh', ['-c', `exec 2>&1; ${command}`], {
    cwd: directory,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  // Not "close": a hook that outlives a killed run has the pipe still.
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => setTimeout(resolve, 200));
  });
  child.stdout.destroy();
  return output;
}
