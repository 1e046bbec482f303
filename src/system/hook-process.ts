import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { hookDistrust, hookFault } from './hook-program.ts';
import { OutputTail } from './output-tail.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';
import { whileWaiting } from '../waits.ts';

export interface HookRequest {
  /** A shell command; it may carry arguments of its own. */
  command: string;
  /** A script that the command reads, so that it is what runs. */
  script?: string;
  /**
   * The arguments, handed over as positional parameters behind the command's own, never read by the shell.
   */
  args: readonly string[];
  /** Variables on top of our own environment. */
  environment: Record<string, string>;
  /** The working directory; ours when left out. */
  directory?: string;
  /** The text that the hook reads from stdin; nothing when left out. */
  input?: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** The end of a hook. Whatever became of it is an answer: only an abort is thrown. */
export interface HookResult {
  /**
   * `not-started`: there is no shell, or no such working directory; `stderr` says which. `refused`: others may change the program; `stderr`
   * says how that comes, and what to do.
   */
  outcome: 'exited' | 'killed' | 'timed-out' | 'not-started' | 'refused';
  /** Null unless `exited`. */
  exitCode: number | null;
  /** The signal of `killed`. */
  killedBy: NodeJS.Signals | null;
  /** The fault of the program's file, where it failed and that may be why. */
  fault: string | null;
  /** The last 64 KiB of each stream. */
  stdout: string;
  stderr: string;
}

/** From SIGTERM to SIGKILL: two seconds leave most of the ten that a signal gives the whole program. */
const killAfterMs = 2_000;
/**
 * The time for which a hook that has ended may leave its pipes open, in the hands of a process that it
 * started.
 */
const pipesAfterExitMs = 1_000;
const groupPollMs = 50;

/**
 * Runs a hook in its own process group. A time-out or an abort ends the whole group.
 * @throws the signal's reason, once the group is gone
 */
export async function runHook(request: HookRequest): Promise<HookResult> {
  request.signal.throwIfAborted();
  const directory = request.directory ?? process.cwd();
  for (const program of programsOf(request)) {
    const distrust = hookDistrust(program, directory);
    if (distrust !== null) return refused(distrust);
  }
  const child = startHook(request);
  const stdout = new OutputTail();
  const stderr = new OutputTail();
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout.add(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr.add(chunk);
  });
  const what = (): string => `waiting for the hook ${programOf(request)}`;
  const ending = await whileWaiting({ what, limitMs: request.timeoutMs }, () => endOf(child, request));
  request.signal.throwIfAborted();
  const { error, ...known } = ending;
  const hasFailed = known.outcome === 'exited' && known.exitCode !== 0;
  const faults = hasFailed ? programsOf(request).map((program) => hookFault(program, directory)) : [];
  const fault = faults.find((each) => each !== null) ?? null;
  return { ...known, fault, stdout: stdout.text(), stderr: error ?? stderr.text() };
}

/** The commands whose programs are looked at: a script is like one that a shell is told to read. */
function programsOf({ command, script }: HookRequest): string[] {
  return script === undefined ? [command] : [command, `sh ${shellWord(script)}`];
}

/** The command's first word, and what it is to do for which name. */
function programOf({ command, args }: HookRequest): string {
  return [command.trim().split(/\s+/)[0] ?? '', ...args.slice(0, 2)].join(' ');
}

/**
 * The result of a hook that isn't run because others may change it: they would say what this process does.
 */
function refused({ program, reason, hint }: NonNullable<ReturnType<typeof hookDistrust>>): HookResult {
  const stderr = `${program} ${reason}; ${hint}`;
  return { outcome: 'refused', exitCode: null, killedBy: null, fault: null, stdout: '', stderr };
}

/**
 * The failure of a hook in words fit for a message: how it ended and its last lines; null when it exited with
 * 0.
 */
export function hookFailure(result: HookResult, timeoutMs: number): string | null {
  if (result.exitCode === 0) return null;
  const output = lastLines(result.stderr) || lastLines(result.stdout);
  const said = output === '' ? ', without a word' : `: ${output}`;
  return `${endingInWords(result, timeoutMs)}${said}${result.fault === null ? '' : ` (${result.fault})`}`;
}

/** Our own environment less what may hold a secret (a ledger URL's password, the EAB key), plus the hook's variables. */
export function hookEnvironment(own: NodeJS.ProcessEnv, added: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(own).filter(
    ([name]) => name !== 'ACME_LEDGER_URL' && !name.startsWith('ACME_LEDGER_EAB_'),
  );
  return { ...Object.fromEntries(kept), ...added };
}

function startHook({ command, args, environment, directory, input }: HookRequest): ChildProcess {
  // A line feed behind the command would make the shell run the first argument as the next command.
  const script = `${command.trim()} "$@"`;
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...args], {
    detached: true,
    env: hookEnvironment(process.env, environment),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(directory === undefined ? {} : { cwd: directory }),
  });
  // EPIPE: a hook need not read what it is given.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return child;
}

type Ending = Pick<HookResult, 'outcome' | 'exitCode' | 'killedBy'> & { error?: string };

async function endOf(child: ChildProcess, { timeoutMs, signal, directory }: HookRequest): Promise<Ending> {
  const done = new AbortController();
  const exit = exitOf(child, directory);
  const stop = stopRequest(timeoutMs, AbortSignal.any([signal, done.signal]));
  const first = await Promise.race([exit, stop]);
  if (first === 'stop') await endGroup(child, exit);
  done.abort();
  await pipesClosed(child);
  if (first === 'stop') return { outcome: 'timed-out', exitCode: null, killedBy: null };
  return first;
}

function exitOf(child: ChildProcess, directory: string | undefined): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      const where = directory === undefined ? '' : ` in ${directory}`;
      resolve({
        outcome: 'not-started',
        exitCode: null,
        killedBy: null,
        error: `can't start /bin/sh${where}: ${error.message}`,
      });
    });
    child.once('exit', (exitCode, killedBy) => {
      resolve({ outcome: killedBy === null ? 'exited' : 'killed', exitCode, killedBy });
    });
  });
}

async function stopRequest(timeoutMs: number, signal: AbortSignal): Promise<'stop'> {
  await delay(timeoutMs, undefined, { signal }).catch(() => undefined);
  return 'stop';
}

/** SIGTERM, then SIGKILL for whatever is left of the group: the hook itself or a process that it started. */
async function endGroup(child: ChildProcess, exit: Promise<unknown>): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  // No process has the hook's pipes any more: that is all there is to know where init leaves zombies in the
  // group.
  const progress = { closed: false };
  child.once('close', () => {
    progress.closed = true;
  });
  signalGroup(pid, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < killAfterMs; waitedMs += groupPollMs) {
    await delay(groupPollMs);
    if (progress.closed || !signalGroup(pid, 0)) break;
  }
  signalGroup(pid, 'SIGKILL');
  await Promise.race([exit, delay(pipesAfterExitMs)]);
}

/** Whether the group was there. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

async function pipesClosed(child: ChildProcess): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const closed = Promise.allSettled(
    streams.filter((stream) => !stream.closed).map((stream) => once(stream, 'close')),
  );
  const done = new AbortController();
  const late = delay(pipesAfterExitMs, undefined, { signal: done.signal }).catch(() => undefined);
  await Promise.race([closed, late]);
  done.abort();
  child.stdin?.destroy();
  for (const stream of streams) stream.destroy();
}

const linesInMessage = 5;
const charactersInMessage = 500;

function lastLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(-linesInMessage)
    .map((line) => printable(line.trim()))
    .join(' | ')
    .slice(-charactersInMessage);
}

function endingInWords({ outcome, exitCode, killedBy }: HookResult, timeoutMs: number): string {
  switch (outcome) {
    case 'exited':
      return `ended with exit code ${String(exitCode)}`;
    case 'killed':
      return `was killed by ${String(killedBy)}`;
    case 'timed-out':
      return `didn't end within ${String(timeoutMs / 1000)} s and was stopped`;
    case 'not-started':
      return 'could not be started';
    case 'refused':
      return 'was not run';
  }
}
