import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

export interface CommandLine {
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

export interface MeasureOptions {
  outputFile: string;
  signal: AbortSignal;
  timeoutMs: number;
  killed?: AbortSignal;
}

/** What one process cost, from its start to its end. */
export interface Cost {
  exitCode: number | null;
  wallMs: number;
  /** User and system time of the process and of all that it waited for. */
  cpuMs: number;
  /** The most memory that the process ever had resident, as the kernel keeps it. */
  peakKb: number;
  /** The end of what it printed. */
  output: string;
}

// The shell's own time is the kernel's account of the child, in milliseconds (GNU time's is in hundredths). The child's
// descriptors 1 and 2 are one file, so that nobody has to read along while it runs. A Ctrl-C must not end the shell before the
// child, which is ended by whoever measures.
const shell = `
trap '' INT TERM HUP
out=$1; shift
"$@" >"$out" 2>&1 </dev/null &
echo $!
LC_ALL=C TIMEFORMAT='%R %U %S'
time wait $!`;

const pollMs = 20;
const outputLimit = 2000;

/**
 * Runs a command and measures it.
 * @param outputFile is overwritten with what the command prints
 * @param options.signal ends it, and the measuring
 * @param options.killed ends it as part of what is measured
 */
export async function measure(
  { file, args, env }: CommandLine,
  { outputFile, signal, timeoutMs, killed }: MeasureOptions,
): Promise<Cost> {
  const bash = spawn('bash', ['-c', shell, 'bash', outputFile, file, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  bash.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(bash, 'close') as Promise<[number | null]>;
  const [line] = (await once(bash.stdout.setEncoding('utf8'), 'data')) as [string];
  const pid = Number(line);
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs), ...(killed ? [killed] : [])]);
  const kill = (): void => killIfThere(pid);
  stop.addEventListener('abort', kill);
  if (stop.aborted) kill();
  const peak = followPeak(pid, closed);
  const [exitCode] = await closed;
  stop.removeEventListener('abort', kill);
  const [wall = NaN, user = NaN, system = NaN] = (stderr.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map((seconds) => Number(seconds) * 1000);
  const output = await readFile(outputFile, 'utf8');
  signal.throwIfAborted();
  return {
    exitCode,
    wallMs: wall,
    cpuMs: user + system,
    peakKb: await peak,
    output: output.slice(-outputLimit),
  };
}

/** The kernel's high-water mark only rises, so that a look now and then, and a last one shortly before the end, is enough. */
async function followPeak(pid: number, closed: Promise<unknown>): Promise<number> {
  const over = closed.then(() => true);
  let peakKb = 0;
  do {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const mark = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    peakKb = Math.max(peakKb, Number(mark ?? 0));
  } while (!(await Promise.race([over, delay(pollMs, false)])));
  return peakKb;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself just now.
  }
}
