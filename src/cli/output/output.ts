import { type ErrorRecord, errorRecord } from '../../errors.ts';
import { printable, printableJson } from '../../printable.ts';
import type { LogLine } from '../../log-and-stops.ts';
import type { Lines, Output } from '../../run/run-context.ts';
import { screen } from './screen.ts';

/*
 * The ways to speak to a person or a script:
 * - `result`, `line`: the answer to the command, on stdout; with --json one object, or one a line.
 * - `table`: a list for a person, on stdout.
 * - `note`: news beside the answer for a person at a terminal, on stderr; nothing under cron or with -q.
 * - `conclude`: like `note`, also under cron, where there is more to read above it.
 * - `concludeBehind`: like `conclude`, behind the error that ends the command.
 * - `warn`: a warning that something was done otherwise than asked, with a hint, on stderr, always.
 * - `complain`: an error with its hint, on stderr, always.
 */

export interface OutputOptions {
  json: boolean;
  /** `-q` */
  quiet: boolean;
  /** Whether a bar may be shown: only on a terminal, and neither with -q, nor with --json on a terminal. */
  progress: boolean;
  /** The log file, which has what is said here, too. */
  log: LogLine;
}

export function createOutput(options: OutputOptions): Output {
  const showsProgress =
    options.progress && !options.quiet && process.stderr.isTTY && !(options.json && process.stdout.isTTY);
  const write = <T>(value: T, text: (value: T) => Lines): void => {
    const lines = [text(value)].flat();
    const told = lines.map((line) => line.trim()).join('; ');
    if (told !== '') options.log('info', {}, told);
    screen.write(process.stdout, `${options.json ? printableJson(value) : printableLines(lines)}\n`);
  };
  const behind: string[] = [];
  const say = (error: unknown, shown: unknown): void => {
    const record = errorRecord(error);
    const stack = record.code === 'bug' && error instanceof Error ? { stack: error.stack } : {};
    options.log('error', { error: record, ...stack }, record.message);
    complain(shown);
  };
  const output: Output = {
    json: options.json,
    isWatched: process.stderr.isTTY && !options.quiet,
    written: () => screen.written,
    result: write,
    line: write,
    async table(head, rows, spare) {
      const { drawTable } = await import('./table.ts');
      screen.write(
        process.stdout,
        `${drawTable(head, rows, { columns: process.stdout.isTTY ? process.stdout.columns : undefined, spare })}\n`,
      );
    },
    note(text) {
      if (process.stderr.isTTY && !options.quiet) screen.write(process.stderr, `${printable(text)}\n`);
    },
    conclude(text) {
      if (!options.quiet) screen.write(process.stderr, `${printable(text)}\n`);
    },
    warn(message, hint) {
      options.log('warn', { hint }, message);
      screen.write(process.stderr, `warning: ${printable(message)}\nhint: ${printable(hint)}\n`);
    },
    complainOf(record, subject) {
      options.log('error', { error: record }, subjectLine(record, subject));
      complainOf(record, subject);
    },
    repeat: complainOf,
    complain: (error) => say(error, error),
    refuse(error, shown) {
      say(error, shown);
      for (const text of behind.splice(0)) output.conclude(text);
    },
    concludeBehind: (text) => void behind.push(text),
    progress: async (what) => (await import('./progress.ts')).startProgress(showsProgress, what),
    fileProgress: async (files, what) =>
      (await import('./progress.ts')).startFileProgress(showsProgress, files, what),
  };
  return output;
}

function printableLines(text: Lines): string {
  return [text].flat().map(printable).join('\n');
}

/** `error: …` and `hint: …`, one line each. */
export function complain(error: unknown): void {
  const record = errorRecord(error);
  if (record.code !== 'bug') {
    complainOf(record);
    return;
  }
  complainOf({ ...record, hint: 'this is a bug in acme-ledger: please report it with the lines below' });
  if (error instanceof Error)
    screen.write(process.stderr, `${printableLines(error.stack?.split('\n') ?? '')}\n`);
}

/** @param subject the error's subject, put before it unless the message names it */
function complainOf(record: ErrorRecord, subject?: string): void {
  const lines = [`error: ${printable(subjectLine(record, subject))}`];
  if (record.hint !== null) lines.push(`hint: ${printable(record.hint)}`);
  // Many a message or hint has the time already.
  if (record.retryAt !== null && !`${record.message} ${record.hint ?? ''}`.includes(record.retryAt))
    lines.push(`hint: try again at ${record.retryAt}`);
  screen.write(process.stderr, `${lines.join('\n')}\n`);
}

function subjectLine({ message }: ErrorRecord, subject?: string): string {
  const isNamed = subject === undefined || names(printable(message), printable(subject));
  return isNamed ? message : `${subject}: ${message}`;
}

function names(message: string, subject: string): boolean {
  return message.startsWith(`${subject}: `) || ` ${message} `.includes(` ${subject} `);
}
