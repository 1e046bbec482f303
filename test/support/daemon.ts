import { type ChildProcess, spawn } from 'node:child_process';

/** A server that a test started. */
export interface Daemon {
  pid: number;
  /** The end of what it printed, for the message of a failure. */
  output(): string;
  /** Whether it still runs. */
  isRunning(): boolean;
  /** Ends it and waits until it has gone. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
const outputLimit = 8 * 1024;

/**
 * Starts a server that ends with this process at the latest.
 * @throws Error when it can't be started at all.
 */
export async function startDaemon(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Daemon> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  endWithThisProcess(child);
  return {
    pid: child.pid ?? 0,
    output,
    isRunning: () => running.has(child),
    async stop() {
      // Servers under test hold nothing worth a graceful end.
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-outputLimit);
    });
  }
  return () => text;
}

function endWithThisProcess(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (running.size === 0) watchThisProcess();
  running.add(child);
}

let isWatching = false;

function watchThisProcess(): void {
  if (isWatching) return;
  isWatching = true;
  process.once('exit', killAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAll();
      // This listener is gone by now: the signal does what it would have done without it.
      process.kill(process.pid, signal);
    });
  }
}

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
