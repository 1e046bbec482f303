/** A line of progress: its text for a terminal that has room for so many characters. */
export type StatusLine = (width: number) => string;

/** The places after the line's end that stay free: the terminal echoes `^C` there. */
const roomForEcho = 3;
/** A line that changes with every answer of a CA is drawn this often. */
const drawEveryMs = 100;
/** Times in the line go on by themselves. */
const tickMs = 1_000;
/** What a reader behind a pipe shows on the same terminal (`acme-ledger … | cat`) is there after this time. */
const pipeMs = 50;

/** The places that progress has beside what is waited for: its numbers, and no bar. */
const besideWait = 0;

const clearLine = '\r\x1b[K';

/**
 * The terminal as both streams write to it: whole lines, and below them one line of progress. That line is
 * taken off before anything is written and drawn again after it, so that each line stays as it was written.
 */
class Screen {
  #lines: StatusLine[] = [];
  #isDrawn = false;
  #drawing: NodeJS.Timeout | null = null;
  #ticks: NodeJS.Timeout | null = null;
  #written = 0;
  #wait: string | null = null;

  /** How many times whole lines were written so far. */
  get written(): number {
    return this.#written;
  }

  /** Writes whole lines. */
  write(stream: NodeJS.WriteStream, text: string): void {
    this.#written += 1;
    this.#clear();
    stream.write(text);
    if (stream.isTTY) this.#draw();
    else this.#drawAfter(pipeMs);
  }

  /** Shows a line of progress, in place of those before, until it is removed. */
  show(line: StatusLine): void {
    this.#lines.push(line);
    this.#ticks ??= setInterval(() => {
      this.#draw();
    }, tickMs).unref();
    this.#draw();
  }

  /** What is waited for now, behind the line of progress; null for nothing. */
  showWait(text: string | null): void {
    if (text === this.#wait) return;
    this.#wait = text;
    if (this.#text(0) === null) this.#clear();
    else this.#draw();
  }

  /** The shown line has changed. */
  refresh(): void {
    this.#drawAfter(drawEveryMs);
  }

  remove(line: StatusLine): void {
    this.#lines = this.#lines.filter((shown) => shown !== line);
    this.#clear();
    this.#draw();
    if (this.#lines.length > 0 || this.#ticks === null) return;
    clearInterval(this.#ticks);
    this.#ticks = null;
  }

  #drawAfter(ms: number): void {
    if (this.#text(0) === null) return;
    this.#drawing ??= setTimeout(() => {
      this.#draw();
    }, ms).unref();
  }

  #draw(): void {
    if (this.#drawing !== null) clearTimeout(this.#drawing);
    this.#drawing = null;
    const width = (process.stderr.columns || 80) - roomForEcho;
    const text = this.#text(width);
    if (text === null || width <= 0) return;
    process.stderr.write(`${clearLine}${fitted(text, width)}`);
    this.#isDrawn = true;
  }

  /** Null when there is nothing to show. */
  #text(width: number): string | null {
    const line = this.#lines.at(-1);
    if (line === undefined) return this.#wait;
    return this.#wait === null ? line(width) : `${line(besideWait)}; ${this.#wait}`;
  }

  #clear(): void {
    if (this.#isDrawn) process.stderr.write(clearLine);
    this.#isDrawn = false;
  }
}

/** This process's terminal: there is one, and whoever writes has to know of the line of progress. */
export const screen = new Screen();

/** The beginning of a text that has room in so many places of a terminal. */
function fitted(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let left = width - 1;
  const characters = Array.from(text);
  const end = characters.findIndex((character) => (left -= placesOf(character)) < 0);
  return `${characters.slice(0, end).join('')}…`;
}

function widthOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + placesOf(character), 0);
}

/** Two for East Asian characters and for symbols outside of the basic plane, most of which are wide. */
function placesOf(character: string): number {
  return character >= '\u2e80' || /[\u1100-\u11ff]/.test(character) ? 2 : 1;
}
