import { closeSync, openSync, writeSync } from 'node:fs';
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { printable } from '../../printable.ts';
import { screen } from './screen.ts';

export interface PinoLog {
  write(level: 'debug' | 'info' | 'warn' | 'error', fields: object, message: string): void;
  close(): void;
}

/**
 * pino on stderr, or on a file (made 0600); written at once, so that nothing is lost when the process ends.
 */
export function openPino(options: LogOptions, level: string): PinoLog {
  const file = options.file === null ? null : openSync(options.file, 'a', 0o600);
  const shaped =
    options.format === 'json' ? (line: string) => line : prettyFactory(prettyOptions(file === null));
  const logger = pino(
    { level, timestamp: pino.stdTimeFunctions.isoTime },
    {
      write(line) {
        if (file === null) screen.write(process.stderr, shaped(line));
        else writeSync(file, shaped(line));
      },
    },
  );
  return {
    write(at, fields, message) {
      logger[at](printableFields(fields), printable(message));
    },
    close() {
      if (file !== null) closeSync(file);
    },
  };
}

function prettyOptions(toTerminal: boolean) {
  return {
    // no-color.org: an empty NO_COLOR doesn't count.
    colorize: toTerminal && process.stderr.isTTY && (process.env['NO_COLOR'] ?? '') === '',
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
    // `error` is a plain record here; as an error-like key it would take a line for each field.
    errorLikeObjectKeys: [],
  };
}

/** Makes characters of fields visible that JSON leaves as they are: DEL, C1 and bidirectional controls. */
function printableFields(fields: object): object {
  const visible = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? printable(value) : value;
  return JSON.parse(JSON.stringify(fields), visible) as object;
}

export interface LogOptions {
  /** -1: errors, 0: warnings, 1: work done, 2: every request. */
  verbosity: number;
  format: 'pretty' | 'json';
  file: string | null;
}

export interface PinoLog {
  write(level: 'debug' | 'info' | 'warn' | 'error', fields: object, message: string): void;
  close(): void;
}
