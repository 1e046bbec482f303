import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from './workspace.ts';

const program = fileURLToPath(new URL('../../bin/acme-ledger', import.meta.url));

/** How a run of the built program ended. */
export interface ProgramResult {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  durationMs: number;
}

export interface ProgramOptions {
  /** On top of an environment that configures nothing. */
  env?: Record<string, string>;
  cwd?: string;
  /** What it reads on stdin; nothing without. */
  input?: string | Readable;
  /** A command that runs the command that follows it, say one that gives it a PID namespace of its own. */
  within?: readonly string[];
  /** After this it is killed and the run is an error; 120 s unless told. */
  timeoutMs?: number;
}

/** A run that is still going on. */
export interface RunningProgram {
  pid: number;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /**
   * Resolves when the text or pattern has appeared on stdout or stderr.
   * @throws Error with both when the program ends, or 90 s pass, without it.
   */
  waitFor(text: string | RegExp): Promise<void>;
  /** @throws Error with its output when it had to be killed after `timeoutMs`. */
  finished: Promise<ProgramResult>;
}

/** Runs the built program to its end. `signalAfter` sends a signal once a text has appeared. */
export async function runProgram(
  args: string[],
  options: ProgramOptions & { signalAfter?: { text: string | RegExp; signal: NodeJS.Signals } } = {},
): Promise<ProgramResult> {
  const running = startProgram(args, options);
  if (options.signalAfter !== undefined) {
    await running.waitFor(options.signalAfter.text);
    running.kill(options.signalAfter.signal);
  }
  return await running.finished;
}

/** Starts the built program, with this Node. */
export function startProgram(args: string[], options: ProgramOptions = {}): RunningProgram {
  const startedAt = performance.now();
  const [command = '', ...rest] = [...(options.within ?? []), process.execPath, program, ...args];
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: cleanEnvironment(options.env),
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {
    // It may end without having read its input.
  });
  if (typeof options.input === 'object') options.input.pipe(child.stdin);
  else child.stdin.end(options.input ?? '');
  const output = new Output(child);
  const finished = untilClosed(child, output, options.timeoutMs ?? 120_000, startedAt);
  // Who starts a program awaits its end later; until then a failure isn't an unhandled one.
  finished.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    kill: (signal) => child.kill(signal),
    waitFor: (text) => output.waitFor(text),
    finished,
  };
}

/** What a program has printed so far, and who waits for more. */
class Output {
  stdout = '';
  stderr = '';
  private isClosed = false;
  private readonly waiting = new Set<() => void>();

  constructor(child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stdout += chunk;
      this.wake();
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
      this.wake();
    });
    child.once('close', () => {
      this.isClosed = true;
      this.wake();
    });
  }

  waitFor(text: string | RegExp, timeoutMs = 90_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.waiting.delete(look);
        end();
      };
      const fail = (why: string): void => {
        settle(() => reject(new Error(`${why} without ${String(text)}\n${this.both()}`)));
      };
      const look = (): void => {
        if (this.has(text)) settle(resolve);
        else if (this.isClosed) fail('the program ended');
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
      this.waiting.add(look);
      look();
    });
  }

  both(): string {
    return `stdout: ${this.stdout}\nstderr: ${this.stderr}`;
  }

  private has(text: string | RegExp): boolean {
    return [this.stdout, this.stderr].some((one) =>
      typeof text === 'string' ? one.includes(text) : one.search(text) !== -1,
    );
  }

  private wake(): void {
    for (const look of this.waiting) look();
  }
}

function untilClosed(
  child: ChildProcess,
  output: Output,
  timeoutMs: number,
  startedAt: number,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`killed after ${timeoutMs} ms\n${output.both()}`));
    }, timeoutMs);
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      clearTimeout(timer);
      const { stdout, stderr } = output;
      resolve({ exitCode, signal, stdout, stderr, durationMs: performance.now() - startedAt });
    });
  });
}
