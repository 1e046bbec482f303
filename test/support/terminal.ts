import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Terminal } from '@xterm/headless';
import { cleanEnvironment } from './workspace.ts';

const program = fileURLToPath(new URL('../../bin/acme-ledger', import.meta.url));

/** The beginning of each frame of the line of progress. */
const clearLine = '\r\u001b\\[K';

/** A command at a terminal, as the person before it sees it. */
export interface TerminalSession {
  /** The lines on the terminal from the first on, long ones that the terminal wrapped in one piece. */
  lines(): string[];
  /** Rows that the line of progress took at any time; more than one means that it was wider than the terminal. */
  progressRows(): number;
  /** Everything that was ever on the terminal's last line and is gone again. */
  progress(): string[];
  /** Sends keys: `\x03` is Ctrl-C. */
  type(keys: string): void;
  /** Resolves when the text stands, or has stood, on the terminal. @throws Error when the program ends without it */
  waitFor(text: string | RegExp): Promise<void>;
  /** Resolves with the exit code. */
  finished: Promise<number | null>;
}

export interface TerminalOptions {
  columns: number;
  env?: Record<string, string>;
  cwd?: string;
  /** A shell command that runs "$@" otherwise, say with a stream that goes elsewhere. */
  shell?: string;
}

/** Runs the built program at a pseudo-terminal of `script`, whose bytes a terminal emulator understands. */
export function startOnTerminal(args: readonly string[], options: TerminalOptions): TerminalSession {
  return startCommandOnTerminal([process.execPath, program, ...args], options);
}

export function startCommandOnTerminal(
  words: readonly string[],
  { columns, env = {}, cwd, shell = '"$@"' }: TerminalOptions,
): TerminalSession {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const command = `stty cols ${columns} rows 50; set -- ${quoted}; ${shell}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd,
    env: { ...cleanEnvironment(env), TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: 'pipe',
  });
  const seen = new Seen(columns);
  child.stdout.on('data', (chunk: Buffer) => seen.take(chunk));
  const finished = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      seen.end().then(() => resolve(code), reject);
    });
  });
  finished.catch(() => undefined);
  return {
    lines: () => seen.lines(),
    progressRows: () => seen.progressRows,
    progress: () => [...seen.frames],
    type: (keys) => child.stdin.write(keys),
    waitFor: (text) => seen.waitFor(text),
    finished,
  };
}

/** The terminal's content after each piece of output. */
class Seen {
  readonly frames = new Set<string>();
  progressRows = 0;
  readonly #terminal: Terminal;
  #writing: Promise<void> = Promise.resolve();
  #isOver = false;
  readonly #waiting = new Set<() => void>();

  constructor(columns: number) {
    this.#terminal = new Terminal({ cols: columns, rows: 50, scrollback: 10_000, allowProposedApi: true });
  }

  take(chunk: Buffer): void {
    // A frame of the line of progress begins by clearing the one before: each is looked at as it stands.
    for (const piece of chunk.toString('latin1').split(new RegExp(`(?=${clearLine})`)))
      this.#writing = this.#writing.then(() => this.#write(Buffer.from(piece, 'latin1')));
  }

  async end(): Promise<void> {
    await this.#writing;
    this.#isOver = true;
    this.#wake();
  }

  async #write(piece: Buffer): Promise<void> {
    await new Promise<void>((resolve) => this.#terminal.write(piece, resolve));
    const { active } = this.#terminal.buffer;
    if (active.cursorX > 0) {
      let row = active.baseY + active.cursorY;
      let rows = 1;
      while (active.getLine(row)?.isWrapped === true) {
        row -= 1;
        rows += 1;
      }
      this.progressRows = Math.max(this.progressRows, rows);
      this.frames.add(this.#textFrom(row).text);
    }
    this.#wake();
  }

  lines(): string[] {
    const { active } = this.#terminal.buffer;
    const lines: string[] = [];
    for (let row = 0; row <= active.baseY + active.cursorY;) {
      const { text, next } = this.#textFrom(row);
      lines.push(text);
      row = next;
    }
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  }

  #textFrom(row: number): { text: string; next: number } {
    const { active } = this.#terminal.buffer;
    let next = row + 1;
    while (active.getLine(next)?.isWrapped === true) next += 1;
    const parts = Array.from({ length: next - row }, (_, index) =>
      active.getLine(row + index)?.translateToString(index === next - row - 1),
    );
    return { text: parts.join('').trimEnd(), next };
  }

  waitFor(text: string | RegExp, timeoutMs = 60_000): Promise<void> {
    const has = (line: string): boolean => (typeof text === 'string' ? line.includes(text) : text.test(line));
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        end();
      };
      const fail = (why: string): void =>
        settle(() => reject(new Error(`${why} without ${String(text)}\n${this.lines().join('\n')}`)));
      const look = (): void => {
        if ([...this.frames, ...this.lines()].some(has)) settle(resolve);
        else if (this.#isOver) fail('the program ended');
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }
}
