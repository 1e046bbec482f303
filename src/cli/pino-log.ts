import { closeSync, openSync } from 'node:fs';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { printable } from '../printable.ts';
import type { LogOptions, PinoLog } from './log.ts';

/** pino on stderr, or on a file (made 0600); written at once, so that nothing is lost when the process ends. */
export function openPino(options: LogOptions, level: string): PinoLog {
  const target = options.file === null ? 2 : openSync(options.file, 'a', 0o600);
  const stream =
    options.format === 'json'
      ? pino.destination({ dest: target, sync: true })
      : pretty({
          destination: target,
          sync: true,
          colorize: options.file === null && process.stderr.isTTY && process.env['NO_COLOR'] === undefined,
          ignore: 'pid,hostname',
          translateTime: 'SYS:HH:MM:ss',
          singleLine: true,
          // `error` is a plain record here; as an error-like key it would take a line for each field.
          errorLikeObjectKeys: [],
        });
  const logger = pino({ level, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    write(at, fields, message) {
      logger[at](fields, printable(message));
    },
    close() {
      stream.end();
      if (options.file !== null) closeSync(target);
    },
  };
}
