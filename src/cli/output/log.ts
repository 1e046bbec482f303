import { accessSync, constants, existsSync, lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AcmeLedgerError, messageOf } from '../../errors.ts';
import { printable } from '../../printable.ts';
import type { ClosableLog } from '../../log-and-stops.ts';
import type { LogOptions, PinoLog } from './pino-log.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;

type Level = (typeof levels)[number];

/**
 * A log that loads pino with its first line: most runs log nothing, and start sooner.
 * @throws AcmeLedgerError `usage` when its file can't be written
 */
export function createLog(options: LogOptions): ClosableLog {
  if (options.file !== null) assertLogFile(options.file);
  const lowest = options.verbosity >= 2 ? 0 : options.verbosity === 1 ? 1 : options.verbosity === 0 ? 2 : 3;
  let writing: Promise<unknown> = Promise.resolve();
  let opened: Promise<PinoLog> | undefined;
  const open = async (): Promise<PinoLog> =>
    (await import('./pino-log.ts')).openPino(options, levels[lowest]);
  const at = (level: Level) => (fields: object, message: string) => {
    if (levels.indexOf(level) < lowest) return;
    opened ??= open();
    const logger = opened;
    writing = writing
      .then(async () => {
        (await logger).write(level, fields, message);
      })
      // A full disk under the log is no reason to leave an order half done.
      .catch(() => undefined);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    async close() {
      await writing;
      await opened?.then(
        (logger) => {
          logger.close();
        },
        () => undefined,
      );
    },
  };
}

/** Checks the log file without making it: a command that is refused leaves nothing behind. */
function assertLogFile(file: string): void {
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
    if (existsSync(file) && statSync(file).isDirectory()) throw new Error("it's a directory");
    const there = lstatSync(file, { throwIfNoEntry: false });
    const isStrangers = there !== undefined && there.uid !== 0 && there.uid !== process.geteuid?.();
    if (there?.isSymbolicLink() === true && isStrangers) throw new Error("it's a link of another user");
  } catch (error) {
    throw new AcmeLedgerError(
      'usage',
      `the log file ${printable(file)} can't be written: ${printable(messageOf(error))}`,
      { hint: 'give another --log-file', cause: error },
    );
  }
}
