import { execFile } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ProgramResult, type RunningProgram, startProgram } from '../support/program.ts';
import type { Customer } from './crash-lab.ts';

/** Longer than a lease: for so long is a run stopped, by the clocks of everybody. */
const frozenMs = 120_000;

const preload = (name: string): string => `--import=${new URL(name, import.meta.url).href}`;
const clockPreload = fileURLToPath(new URL('../support/clock-preload.mjs', import.meta.url));

// The shell is the first process there, which no signal from inside can stop.
const ownNamespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const within = [...ownNamespace, 'sh', '-c', '"$@"; exit "$?"', 'sh'];

/** Whether a process can have a PID namespace of its own here: for root. */
export async function canFreeze(): Promise<boolean> {
  const [command = '', ...args] = ownNamespace;
  return promisify(execFile)(command, [...args, 'true']).then(
    () => true,
    () => false,
  );
}

/** A run in a container of its own, which is stopped at one point. */
export interface FrozenRun {
  /** Resolves when it is stopped; false when it ended before that point. */
  isStopped: Promise<boolean>;
  /** It goes on, when its lease has long been over. */
  thaw(): Promise<ProgramResult>;
}

/** @param at the n-th point, from 1; 0: it isn't stopped */
export function startFrozen({ directory, pointsFile }: Customer, args: string[], at: number): FrozenRun {
  const running = startProgram(args, {
    cwd: directory,
    within,
    timeoutMs: 300_000,
    env: {
      NODE_OPTIONS: `${preload('thawing-preload.mjs')} ${preload('points-preload.mjs')}`,
      THAW_MS: String(frozenMs),
      CRASH_DIRECTORY: directory,
      CRASH_POINTS: pointsFile,
      CRASH_SIGNAL: 'SIGSTOP',
      CRASH_AT: String(at),
    },
  });
  return {
    isStopped: untilStopped(running),
    async thaw() {
      for (const pid of await stoppedBelow(running.pid)) process.kill(pid, 'SIGCONT');
      return running.finished;
    },
  };
}

/** What a command's environment needs to run when the frozen one has been stopped for so long. */
export async function laterClock({ directory }: Customer): Promise<Record<string, string>> {
  const file = path.join(directory, 'clock-shift');
  await writeFile(file, String(frozenMs));
  return { NODE_OPTIONS: `--import=${clockPreload}`, CLOCK_SHIFT_FILE: file };
}

async function untilStopped(running: RunningProgram): Promise<boolean> {
  const ended = running.finished.then(
    () => 'ended' as const,
    () => 'ended' as const,
  );
  for (;;) {
    if ((await stoppedBelow(running.pid)).length > 0) return true;
    if ((await Promise.race([ended, delay(20)])) === 'ended') return false;
  }
}

/** The processes that a process has started, or they have, and that are stopped. */
async function stoppedBelow(root: number): Promise<number[]> {
  const processes = await Promise.all(
    (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(stateOf),
  );
  const stopped: number[] = [];
  for (let parents = [root]; parents.length > 0;) {
    const children = processes.filter((one) => one !== null && parents.includes(one.parent));
    stopped.push(...children.flatMap((one) => (one?.state === 'T' ? [one.pid] : [])));
    parents = children.flatMap((one) => one?.pid ?? []);
  }
  return stopped;
}

async function stateOf(pid: string): Promise<{ pid: number; parent: number; state: string } | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // proc(5): the second field is the command in brackets and may hold blanks and brackets itself.
  const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid: Number(pid), parent: Number(parent), state };
}
